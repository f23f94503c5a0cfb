package monitor

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"text/template"

	"go.yaml.in/yaml/v3"

	"runbook/examples/lab/backfill"
	"runbook/examples/lab/build"
	"runbook/examples/lab/inbox"
	"runbook/examples/lab/supervisor"
)

var (
	//go:embed rules.yaml
	rules []byte
	//go:embed prometheus.yaml.tmpl
	prometheusText string
	//go:embed alertmanager.yaml.tmpl
	alertmanagerText string

	prometheusTemplate   = template.Must(template.New(build.Prometheus).Parse(prometheusText))
	alertmanagerTemplate = template.Must(template.New(build.Alertmanager).Parse(alertmanagerText))
)

// configure writes what the servers read.
func configure(stage *supervisor.Stage) error {
	if err := os.WriteFile(rulesFile(stage.Dir), rules, 0o600); err != nil {
		return fmt.Errorf("write Prometheus's rules: %w", err)
	}
	if err := writeConfig(prometheusConfig(stage.Dir), prometheusTemplate, map[string]any{
		"QueryLog":     queryLog(stage.Dir),
		"Rules":        rulesFile(stage.Dir),
		"Scrape":       scrape,
		"Exporter":     stage.Address(exporterName),
		"Prometheus":   stage.Address(build.Prometheus),
		"Alertmanager": stage.Address(build.Alertmanager),
	}); err != nil {
		return err
	}
	return writeConfig(alertmanagerConfig(stage.Dir), alertmanagerTemplate, map[string]any{
		"Webhook":   "http://" + stage.Address(inbox.WebhookPort) + alertsPath,
		"SMTP":      stage.Address(inbox.SMTPPort),
		"User":      inbox.User,
		"Password":  stage.Dir.MailPassword(),
		"Authority": stage.Dir.Authority(),
	})
}

func writeConfig(path string, text *template.Template, values map[string]any) error {
	config, err := fill(text, values)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, config, 0o600); err != nil {
		return fmt.Errorf("write the configuration of %s: %w", text.Name(), err)
	}
	return nil
}

func fill(text *template.Template, values map[string]any) ([]byte, error) {
	var config bytes.Buffer
	if err := text.Execute(&config, values); err != nil {
		return nil, fmt.Errorf("fill in the configuration of %s: %w", text.Name(), err)
	}
	return config.Bytes(), nil
}

// recordingRules are those of the rules that keep their values as series.
func recordingRules() ([]backfill.Record, error) {
	var file struct {
		Groups []struct {
			Rules []struct{ Record, Expr string }
		}
	}
	if err := yaml.Unmarshal(rules, &file); err != nil {
		return nil, fmt.Errorf("read Prometheus's rules: %w", err)
	}
	var records []backfill.Record
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			if rule.Record != "" {
				records = append(records, backfill.Record{Name: rule.Record, Expr: rule.Expr})
			}
		}
	}
	return records, nil
}
