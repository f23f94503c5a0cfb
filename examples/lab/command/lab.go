package command

import (
	"io"

	"runbook/examples/lab/inbox"
	"runbook/examples/lab/layout"
	"runbook/examples/lab/metrics"
	"runbook/examples/lab/monitor"
	"runbook/examples/lab/plane"
	"runbook/examples/lab/rack"
	"runbook/examples/lab/store"
	"runbook/examples/lab/supervisor"
)

// supervise returns who starts and stops the lab in dir, with all that a lab consists of.
func supervise(dir layout.Dir, path func(component string) string, out io.Writer) supervisor.Supervisor {
	return supervisor.Supervisor{
		Dir: dir, Path: path, Out: out,
		First: plane.Plane{},
		Rest: []supervisor.Part{
			metrics.Server{},
			monitor.Monitor{},
			store.Store{},
			inbox.Inbox{},
			rack.New(),
		},
	}
}
