package command

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"runbook/examples/lab/exporter"
	"runbook/examples/lab/layout"
	"runbook/examples/lab/photon"
	"runbook/examples/lab/plane"
	"runbook/examples/lab/site"
	"runbook/examples/lab/supervisor"
)

// exporterCommand serves the metrics of the lab's service. It is not for people.
func exporterCommand() *cobra.Command {
	var listen, since string
	cmd := &cobra.Command{
		Use:    exporter.Command,
		Hidden: true,
		Args:   cobra.NoArgs,
	}
	dir := dirFlag(cmd)
	cmd.Flags().StringVar(&listen, exporter.ListenFlag, "", "where to answer")
	cmd.Flags().StringVar(&since, exporter.SinceFlag, "", "when the lab began, in RFC 3339")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := dir()
		if err != nil {
			return err
		}
		began, err := time.Parse(time.RFC3339, since)
		if err != nil {
			return fmt.Errorf("read --%s: %w", exporter.SinceFlag, err)
		}
		log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
		return export(cmd.Context(), dir, listen, photon.PastUntil(began), log)
	}
	return cmd
}

// export serves the metrics, with the pods and the devices of the lab in dir, until ctx ends.
func export(ctx context.Context, dir layout.Dir, listen string, past photon.Past, log *slog.Logger) error {
	access, err := plane.Stagehand(dir)
	if err != nil {
		return err
	}
	service, err := site.NewWatch(access)
	if err != nil {
		return err
	}
	sources := exporter.Sources{
		Ready:     service.Ready,
		CacheSize: service.CacheSize,
		Devices:   func() (map[string]photon.Status, error) { return exporter.ReadDevices(dir, time.Now) },
	}
	state, err := supervisor.ReadState(dir)
	if err != nil {
		return err
	}
	recorder := newRecorder(state, past, sources, log)
	handler, err := exporter.Handler(recorder)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("listen for who scrapes the service: %w", err)
	}
	var work sync.WaitGroup
	defer work.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	work.Go(func() { service.Run(ctx) })
	work.Go(func() { recorder.Run(ctx) })
	return exporter.Serve(ctx, listener, handler)
}

// newRecorder goes on with the past's counters while the lab starts. Once all of the lab was ready somebody has seen
// counters that went on from there, and who starts the exporter then restarts it.
func newRecorder(state supervisor.State, past photon.Past, sources exporter.Sources, log *slog.Logger) *exporter.Recorder {
	if state.Complete {
		return exporter.Restarted(past, time.Now(), sources, log)
	}
	return exporter.NewRecorder(past, sources, log)
}
