// Package report writes what the rule tools found: for people, or as JSON with a
// version. One file a command, one function a format.
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
