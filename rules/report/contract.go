package report

// Promise is a part of the contract of plugins that a program was held to.
type Promise struct {
	Name string
	// Broken says how it was not kept, "" where it was.
	Broken string
}

// ContractReport returns a report with a case for each promise of a plugin.
func ContractReport(name string, promises []Promise) Report {
	r := Report{Name: name}
	for _, p := range promises {
		r.Cases = append(r.Cases, Case{Name: p.Name, Code: contractBroken, Failure: oneLine(p.Broken), Detail: p.Broken})
	}
	r.Findings, r.Summary = FailedFindings(r.Cases), countCases(r.Cases)
	return r
}
