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
	text, err := fill(alertmanagerTemplate, map[string]any{
		"Webhook": "http://127.0.0.1:1" + alertsPath, "SMTP": "127.0.0.1:2",
		"User": "somebody", "Password": "/lab/password", "Authority": "/lab/ca.crt",
	})
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := alertmanager.Load(string(text))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		name           string
		webhooks, mail int
	}{{"oncall", 1, 1}, {"team", 0, 1}} {
		got := loaded.Receivers[i]
		if got.Name != want.name || len(got.WebhookConfigs) != want.webhooks || len(got.EmailConfigs) != want.mail {
			t.Errorf("%s has %d webhooks and %d mails, want %+v", got.Name, len(got.WebhookConfigs), len(got.EmailConfigs), want)
		}
	}
	if mail := loaded.Receivers[0].EmailConfigs[0]; !*mail.RequireTLS || mail.AuthPasswordFile != "/lab/password" {
		t.Errorf("mail goes out with %+v", mail)
	}
}
