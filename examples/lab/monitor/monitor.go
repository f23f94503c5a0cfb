// Package monitor is the monitoring of a lab: Prometheus with a week of the service's past, the exporter that goes on with
// it, and Alertmanager, which tells the inbox.
//
// It decides nothing about the service's numbers; photon does. It never opens a way to change a Prometheus from outside:
// neither its admin API nor its lifecycle API is on.
//
// Read next: rules.yaml, what is recorded and what calls somebody; servers.go, each server's command line; ready.go, what
// must hold before the lab is up.
package monitor

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"runbook/examples/lab/backfill"
	"runbook/examples/lab/build"
	"runbook/examples/lab/exporter"
	"runbook/examples/lab/photon"
	"runbook/examples/lab/supervisor"
)

// exporterName is that of the exporter's process and port.
const exporterName = exporter.Command

// scrape is what the service's series say of where they come from. The instance is no address: that would change from lab
// to lab, and the past could not be continued.
var scrape = backfill.Scrape{Job: "photon-compiler", Instance: "photon-compiler"}

// alertsPath is where the inbox gets alerts.
const alertsPath = "/alertmanager"

// Monitor is the monitoring as a part of a lab.
type Monitor struct{}

// Ports has a port for each server.
func (Monitor) Ports() []string { return []string{build.Prometheus, build.Alertmanager, exporterName} }

// Prepare writes the configurations.
func (Monitor) Prepare(stage *supervisor.Stage) error { return configure(stage) }

// Start brings up the servers, all at once: each waits for the others by itself.
func (m Monitor) Start(ctx context.Context, stage *supervisor.Stage) error {
	s := servers{stage}
	starting, ctx := errgroup.WithContext(ctx)
	starting.Go(func() error {
		return stage.Launch(ctx, m, s.exporter())
	})
	starting.Go(func() error {
		return stage.Launch(ctx, m, s.alertmanager())
	})
	starting.Go(func() error { return m.startPrometheus(ctx, s) })
	return starting.Wait()
}

// startPrometheus gives it the past before it runs: nobody else may write into its folder afterwards.
func (m Monitor) startPrometheus(ctx context.Context, s servers) error {
	past, begin := photon.PastUntil(s.Now), time.Now()
	records, err := recordingRules()
	if err != nil {
		return err
	}
	if err := backfill.Write(ctx, s.Dir.Data(build.Prometheus), past, scrape, records); err != nil {
		return err
	}
	s.Tell("the service has a past since %s after %.1f s", past.Begin().Format(time.DateOnly), time.Since(begin).Seconds())
	return s.Launch(ctx, m, s.prometheus())
}
