package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// Exit codes. No flag changes what they mean, which exitCodes tells.
const (
	exitOK          = 0
	exitFindings    = 1
	exitUsage       = 2
	exitRules       = 3
	exitEnvironment = 4
	exitNothing     = 5
	exitInterrupted = 130
)

// exitMeaning is what an exit code tells.
type exitMeaning struct {
	code    int
	meaning string
}

// exitCodes is the table of exit codes, the same for every command. The help and the
// README show it.
func exitCodes() []exitMeaning {
	return []exitMeaning{
		{exitOK, "all is well"},
		{exitFindings, "there are findings: a test failed, a file has faults, something waits, a change is refused"},
		{exitUsage, "the command line or the configuration is wrong"},
		{exitRules, "rules, rule tests or plugins.lock.yaml do not compile"},
		{exitEnvironment, "files, the network, programs or the database do not serve"},
		{exitNothing, "there was nothing to do, such as no tests"},
		{exitInterrupted, "stopped by a signal before it was done"},
	}
}

// exitTopic is the command of "checkout help exit-codes".
const exitTopic = "exit-codes"

func newExitCodes() *cobra.Command {
	var b strings.Builder
	b.WriteString("Exit codes of all commands. No flag changes what they mean.\n\n")
	for _, e := range exitCodes() {
		fmt.Fprintf(&b, "  %3d  %s\n", e.code, e.meaning)
	}
	b.WriteString("\nCommands that go on until they are told to stop, such as run and plugins dev, are done when a\nsignal tells them: that is all well.")
	return &cobra.Command{Use: exitTopic, Short: "What the exit codes of commands mean", Long: b.String()}
}

// findingsAre is the end of the help of a group of commands: what its findings are.
func findingsAre(what string) string {
	return fmt.Sprintf("\n\nExit code %d: %s.\nFor the others see \"checkout help %s\".", exitFindings, what, exitTopic)
}
