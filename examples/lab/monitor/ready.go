package monitor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"runbook/examples/lab/build"
	"runbook/examples/lab/exporter"
	"runbook/examples/lab/photon"
	"runbook/examples/lab/supervisor"
)

// Ready asks the exporter whether it knows the pods, Alertmanager whether it can be told, and Prometheus far more.
func (Monitor) Ready(stage *supervisor.Stage, server string) (supervisor.Ready, error) {
	url := servers{stage}.url
	switch server {
	case exporterName:
		return httpReady(url(server) + exporter.ReadyPath), nil
	case build.Alertmanager:
		return httpReady(url(server) + "/-/ready"), nil
	case build.Prometheus:
		return prometheusReady(url(server), photon.PastUntil(stage.Now), stage.Now)
	}
	return nil, nil
}

func httpReady(url string) supervisor.Ready { return supervisor.HTTPReady(http.DefaultClient, url) }

// prometheusReady holds when a runbook can ask what it likes: the past is there, the present is scraped, the rules work,
// and what fires would reach Alertmanager.
func prometheusReady(url string, past photon.Past, began time.Time) (supervisor.Ready, error) {
	client, err := api.NewClient(api.Config{Address: url})
	if err != nil {
		return nil, fmt.Errorf("prepare to ask Prometheus whether it is ready: %w", err)
	}
	p := prometheus{v1.NewAPI(client)}
	up := httpReady(url + "/-/ready")
	return func(ctx context.Context) error {
		if err := up(ctx); err != nil {
			return err
		}
		if err := p.hasPast(ctx, past); err != nil {
			return err
		}
		if err := p.hasPresent(ctx, began); err != nil {
			return err
		}
		if err := p.evaluates(ctx); err != nil {
			return err
		}
		return p.knowsAlertmanager(ctx)
	}, nil
}

// prometheus is a Prometheus that may not be ready.
type prometheus struct{ api v1.API }

const statusSeries = "photon_device_status"

// hasPast looks an hour after the past began.
func (p prometheus) hasPast(ctx context.Context, past photon.Past) error {
	return p.seesDevices(ctx, statusSeries, past.Begin().Add(time.Hour))
}

// hasPresent looks for what was scraped since the lab began. Its answer must not be the past's, which lasts for some
// minutes.
func (p prometheus) hasPresent(ctx context.Context, began time.Time) error {
	return p.seesDevices(ctx, fmt.Sprintf("timestamp(%s) > %d", statusSeries, began.Unix()), time.Now())
}

func (p prometheus) seesDevices(ctx context.Context, query string, at time.Time) error {
	value, _, _, err := p.api.Query(ctx, query, at)
	if err != nil {
		return err
	}
	if devices, ok := value.(model.Vector); !ok || len(devices) != len(photon.Devices) {
		return fmt.Errorf("%s at %s is %q, and not a number for each of %d devices", query, at.Format(time.RFC3339), value, len(photon.Devices))
	}
	return nil
}

// evaluates holds when every rule was evaluated without an error.
func (p prometheus) evaluates(ctx context.Context) error {
	result, err := p.api.Rules(ctx, nil)
	if err != nil {
		return err
	}
	if len(result.Groups) == 0 {
		return errors.New("no rules are loaded yet")
	}
	for _, group := range result.Groups {
		for _, rule := range group.Rules {
			if name, health, trouble := healthOf(rule); health != v1.RuleHealthGood {
				return fmt.Errorf("the health of the rule %s is %s %s", name, health, trouble)
			}
		}
	}
	return nil
}

func healthOf(rule any) (name string, health v1.RuleHealth, trouble string) {
	switch rule := rule.(type) {
	case v1.RecordingRule:
		return rule.Name, rule.Health, rule.LastError
	case v1.AlertingRule:
		return rule.Name, rule.Health, rule.LastError
	default:
		return fmt.Sprintf("%v", rule), v1.RuleHealthUnknown, ""
	}
}

func (p prometheus) knowsAlertmanager(ctx context.Context) error {
	result, err := p.api.AlertManagers(ctx)
	if err != nil {
		return err
	}
	if len(result.Active) != 1 {
		return fmt.Errorf("%d Alertmanagers are known as active, and not one", len(result.Active))
	}
	return nil
}
