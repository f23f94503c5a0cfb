package monitor

import (
	"path/filepath"
	"time"

	"runbook/examples/lab/build"
	"runbook/examples/lab/exporter"
	"runbook/examples/lab/layout"
	"runbook/examples/lab/process"
	"runbook/examples/lab/supervisor"
)

// servers knows the command line of each server of the monitoring.
type servers struct{ *supervisor.Stage }

func (s servers) exporter() process.Command {
	return s.Own(exporterName, exporter.Command,
		"--dir="+string(s.Dir),
		"--"+exporter.ListenFlag+"="+s.Address(exporterName),
		"--"+exporter.SinceFlag+"="+s.Now.Format(time.RFC3339),
	)
}

func (s servers) prometheus() process.Command {
	return s.Command(build.Prometheus,
		"--config.file="+prometheusConfig(s.Dir),
		"--storage.tsdb.path="+s.Dir.Data(build.Prometheus),
		"--web.listen-address="+s.Address(build.Prometheus),
		"--web.external-url="+s.url(build.Prometheus),
		// Five seconds more until the first scrape, otherwise. Its help does not tell of it.
		"--scrape.discovery-reload-interval=1s",
	)
}

func (s servers) alertmanager() process.Command {
	return s.Command(build.Alertmanager,
		"--config.file="+alertmanagerConfig(s.Dir),
		"--storage.path="+s.Dir.Data(build.Alertmanager),
		"--web.listen-address="+s.Address(build.Alertmanager),
		"--web.external-url="+s.url(build.Alertmanager),
		// Alone, it needs no peers, and so no port for them.
		"--cluster.listen-address=",
		// Every alert that it is given leaves a line, and so does every silence.
		"--log.level=debug",
		"--log.silences",
	)
}

// url is where that server answers.
func (s servers) url(name string) string { return "http://" + s.Address(name) }

func prometheusConfig(dir layout.Dir) string {
	return filepath.Join(dir.Config(), "prometheus.yaml")
}

func rulesFile(dir layout.Dir) string {
	return filepath.Join(dir.Config(), "prometheus-rules.yaml")
}

func alertmanagerConfig(dir layout.Dir) string {
	return filepath.Join(dir.Config(), "alertmanager.yaml")
}

// queryLog is what Prometheus was asked, by people and by its own rules.
func queryLog(dir layout.Dir) string {
	return filepath.Join(dir.Logs(), "prometheus-queries.log")
}
