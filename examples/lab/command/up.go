package command

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"runbook/examples/lab/build"
	"runbook/examples/lab/inbox"
	"runbook/examples/lab/layout"
	"runbook/examples/lab/rack"
	"runbook/examples/lab/shell"
	"runbook/examples/lab/site"
	"runbook/examples/lab/sitefile"
	"runbook/examples/lab/store"
	"runbook/examples/lab/supervisor"
)

func upCommand(modules build.Modules) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start the servers and set up the site",
		Args:  cobra.NoArgs,
	}
	dir, bin := dirFlag(cmd), binFlag(cmd)
	name := cmd.Flags().String("name", "", "what runbook --site calls the lab, in the user's folder of sites (default: it gets no name there)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := dir()
		if err != nil {
			return err
		}
		if *name != "" {
			if err := sitefile.CheckName(*name); err != nil {
				return err
			}
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
		sites, err := publish(dir, *name, cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		return explain(cmd.OutOrStdout(), dir, sites)
	}
	return cmd
}

// publish writes the site file and that of the shell, and returns what to say to runbook's --site.
func publish(dir layout.Dir, name string, out io.Writer) (string, error) {
	state, err := supervisor.ReadState(dir)
	if err != nil {
		return "", err
	}
	on := ""
	if state.Has("sshd") {
		on = rack.Host
	}
	if err := sitefile.Write(dir, sitefile.Site{
		Rack: on, Store: state.URL(store.Port),
		Name: cmp.Or(name, strings.TrimPrefix(filepath.Base(string(dir)), ".")), Namespace: site.Namespace, Prometheus: state.URL("prometheus"),
		Alertmanager: state.URL("alertmanager"), Webhook: state.URL(inbox.WebhookPort), SMTP: strings.TrimPrefix(state.URL(inbox.SMTPPort), "http://"), MailUser: inbox.User,
	}); err != nil {
		return "", err
	}
	if err := sitefile.WriteEnv(dir); err != nil {
		return "", err
	}
	if name == "" {
		return dir.Site(), nil
	}
	err = sitefile.Publish(dir, name)
	if taken, ok := errors.AsType[*sitefile.TakenError](err); ok {
		fmt.Fprintln(out, taken)
		return dir.Site(), nil
	}
	return name, err
}

var usage = template.Must(template.New("usage").Funcs(template.FuncMap{"word": shell.Word}).Parse(`
The lab is ready in {{.Dir}}

  . {{word .Dir.Env}}
  kubectl get pods
  lab scenario crashloop                          # break something
  runbook run compiler-down --site {{word .Site}} --dry-run
  lab down                                        # stop it

Cluster     contexts lab-admin (kubectl's), lab-oncall (the site file's), lab-viewer
Monitoring  Prometheus {{.URL "prometheus"}}, Alertmanager {{.URL "alertmanager"}}: their APIs, without pages
Backups     aws s3 ls photon-mlir-backups; profiles lab-admin, lab-oncall
Messages    lab inbox
{{- if .Has "sshd"}}
Devices     ssh -F {{word .Dir.SSHConfig}} rack-1 photon-debug --list-devices; lab device envise-1 broken
{{- end}}
Records     {{.Dir.AuditLog}} has every request to the API server, {{.Dir.Logs}} those to the others, and what each says
`))

// guide is what the usage is about.
type guide struct {
	Dir  layout.Dir
	Site string
	supervisor.State
}

// explain tells how to use the lab.
func explain(out io.Writer, dir layout.Dir, sites string) error {
	state, err := supervisor.ReadState(dir)
	if err != nil {
		return err
	}
	return usage.Execute(out, guide{dir, sites, state})
}
