package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion(io streams) *cobra.Command {
	cmd := &cobra.Command{Use: "version", Short: "Print the version", Args: noArgs}
	o := addOutput(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		about := map[string]string{"version": version, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH}
		if commit := revision(); commit != "" {
			about["commit"] = commit
		}
		if *o == asJSON {
			return writeJSON(io.out, about)
		}
		_, err := fmt.Fprintf(io.out, "runbook %s (%s, %s)\n", version, about["go"], about["platform"])
		return err
	}
	return cmd
}

// revision is the commit that the program was built from, if it was built in a checkout.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}
