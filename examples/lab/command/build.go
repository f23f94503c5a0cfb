package command

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"runbook/examples/lab/build"
)

func buildCommand(modules build.Modules) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Build the servers and kubectl, unless that was done before",
		Args:  cobra.NoArgs,
	}
	bin := binFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		builder, err := newBuilder(cmd, modules, *bin)
		if err != nil {
			return err
		}
		if err := builder.Build(cmd.Context()); err != nil {
			return err
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), builder.Dir)
		return err
	}
	return cmd
}

func binFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("bin", "", "where the programs are kept (default: a folder of the pinned versions in the XDG cache home)")
}

func newBuilder(cmd *cobra.Command, modules build.Modules, bin string) (build.Builder, error) {
	var err error
	if bin == "" {
		bin, err = modules.DefaultDir()
	} else {
		bin, err = filepath.Abs(bin)
	}
	return build.Builder{Modules: modules, Dir: bin, Out: cmd.ErrOrStderr()}, err
}
