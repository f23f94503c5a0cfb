package monitor

import (
	"log/slog"
	"slices"
	"testing"

	alertmanager "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

func TestPrometheusAcceptsItsConfiguration(t *testing.T) {
	text, err := fill(prometheusTemplate, map[string]any{
		"QueryLog": "/lab/logs/queries.log", "Rules": "/lab/rules.yaml", "Scrape": scrape,
		"Exporter": "127.0.0.1:1", "Prometheus": "127.0.0.1:2", "Alertmanager": "127.0.0.1:3",
	})
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := config.Load(string(text), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if job := loaded.ScrapeConfigs[0].JobName; len(loaded.ScrapeConfigs) != 3 || job != scrape.Job {
		t.Errorf("it scrapes %d jobs, the first is %s", len(loaded.ScrapeConfigs), job)
	}
}

func TestPrometheusAcceptsItsRules(t *testing.T) {
	groups, errs := rulefmt.Parse(rules, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	for _, err := range errs {
		t.Error(err)
	}
	if groups == nil {
		t.FailNow()
	}
	alerts := map[string]bool{}
	for _, group := range groups.Groups {
		for _, rule := range group.Rules {
			if rule.Alert == "" {
				continue
			}
			alerts[rule.Alert] = true
			for _, key := range []string{"summary", "description", "runbook"} {
				if rule.Annotations[key] == "" {
					t.Errorf("alert %s has no %s", rule.Alert, key)
				}
			}
			if rule.Labels["severity"] == "" || rule.For == 0 {
				t.Errorf("alert %s has the severity %q, and waits for %v", rule.Alert, rule.Labels["severity"], rule.For)
			}
		}
	}
	for _, name := range []string{"PhotonCompilerDown", "PhotonHighErrorRate", "PhotonDeviceOffline", "PhotonHighResourceUsage", "PhotonLowCacheHitRate"} {
		if !alerts[name] {
			t.Errorf("the handbook's alert %s is missing", name)
		}
	}
}

func TestEveryRecordedSeriesHasAPast(t *testing.T) {
	records, err := recordingRules()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, record := range records {
		names = append(names, record.Name)
	}
	if want := []string{"photon:compilation_rate_5m", "photon:error_rate_5m"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
}

func TestAlertmanagerAcceptsItsConfiguration(t *testing.T) {
	for _, test := range []struct {
		name           string
		values         map[string]any
		webhooks, mail int
	}{
		{"nobody to tell", nil, 0, 0},
		{"webhook", map[string]any{"Webhook": "http://127.0.0.1:1" + WebhookPath}, 1, 0},
		{"mail", map[string]any{"SMTP": "127.0.0.1:2"}, 0, 1},
		{"both", map[string]any{"Webhook": "http://127.0.0.1:1" + WebhookPath, "SMTP": "127.0.0.1:2"}, 1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			text, err := fill(alertmanagerTemplate, test.values)
			if err != nil {
				t.Fatal(err)
			}
			loaded, err := alertmanager.Load(string(text))
			if err != nil {
				t.Fatal(err)
			}
			for _, receiver := range loaded.Receivers {
				if len(receiver.WebhookConfigs) != test.webhooks || len(receiver.EmailConfigs) != test.mail {
					t.Errorf("%s: %d webhooks and %d mails", receiver.Name, len(receiver.WebhookConfigs), len(receiver.EmailConfigs))
				}
			}
		})
	}
}
