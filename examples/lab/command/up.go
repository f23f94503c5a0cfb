package command

import (
	"errors"
	"fmt"
	"io"
	"text/template"

	"github.com/spf13/cobra"

	"runbook/examples/lab/build"
	"runbook/examples/lab/layout"
	"runbook/examples/lab/supervisor"
)

func upCommand(modules build.Modules) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start the control plane and set up the site",
		Args:  cobra.NoArgs,
	}
	dir, bin := dirFlag(cmd), binFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := dir()
		if err != nil {
			return err
		}
		builder, err := newBuilder(cmd, modules, *bin)
		if err != nil {
			return err
		}
		if err := builder.Build(cmd.Context()); err != nil {
			return err
		}
		lab := supervise(dir, builder.Path, cmd.ErrOrStderr())
		if err := lab.Up(cmd.Context()); errors.Is(err, supervisor.ErrRunning) {
			fmt.Fprintln(cmd.ErrOrStderr(), "the lab is up already")
		} else if err != nil {
			return fmt.Errorf("start the lab in %s: %w", dir, err)
		}
		return explain(cmd.OutOrStdout(), dir, builder.Path(build.Kubectl))
	}
	return cmd
}

var usage = template.Must(template.New("usage").Parse(`
The lab is ready in {{.Dir}}

  export KUBECONFIG={{.Dir.Kubeconfig}}
  {{.Kubectl}} get pods

Contexts:   lab-admin (current), lab-oncall, lab-viewer; all in namespace photon-mlir
Audit log:  {{.Dir.AuditLog}}
Monitoring: {{.Prometheus}} and {{.Alertmanager}}
Break it:   lab scenario --dir {{.Dir}} crashloop
Fill it:    lab pods --dir {{.Dir}} --count 10000 --namespace bench
Stop it:    lab down --dir {{.Dir}}
`))

// explain tells how to use the lab.
func explain(out io.Writer, dir layout.Dir, kubectl string) error {
	state, err := supervisor.ReadState(dir)
	if err != nil {
		return err
	}
	url := func(name string) string { return fmt.Sprintf("http://%s:%d", supervisor.Loopback, state.Ports[name]) }
	return usage.Execute(out, struct {
		Dir                               layout.Dir
		Kubectl, Prometheus, Alertmanager string
	}{dir, kubectl, url(build.Prometheus), url(build.Alertmanager)})
}
