// Package report writes what the rule tools found: for people, or as JSON with a
// version, in a file for each command. What other programs read, JUnit, TAP, SARIF and
// the like, is written from one Report, which each command makes of what it found, by
// one function a format.
//
// # Design
//
// 2026-11-23. A Report has cases and findings, because formats of tests want to know
// what passed and where nothing stands, and formats of linters want places and
// severities. Rejected: findings alone, which lose what passed; and cases alone, which
// have one line and no column. JUnit is held to the schema of Jenkins, which has no
// place for the file and the line of a case: the suite is the file, and the line is in
// the text. SARIF is held to its own.
//
// # Modules
//
// The page of a backtest draws with Chart.js 4 (MIT), because it needs bars, lines
// and readable axes, in the dark too, and no server: one file of 210 KB without
// dependencies, made by its authors, which make charts copies from npm. It is the
// most used library of its kind and released in 2026. Rejected: Apache ECharts,
// which is five times as large, and uPlot, which is small and fast for long lines
// but leaves bars with names to whoever uses it.
package report
