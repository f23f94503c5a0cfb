package metrics

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/template"
)

// definitions are what Prometheus puts before each template of a rule.
const definitions = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"

// externalURL is where templates say that Prometheus is: where it is in truth changes from run to run.
const externalURL = "http://localhost:9090"

// expand fills in a template as of a sample.
func (e *evaluator) expand(ctx context.Context, r *rule, text string, sample promql.Sample, at time.Time) string {
	if !strings.Contains(text, "{{") {
		return text
	}
	ask := func(ctx context.Context, query string, at time.Time) (promql.Vector, error) {
		return e.instant(ctx, query, at)
	}
	data := template.AlertTemplateData(sample.Metric.Map(), map[string]string{}, externalURL, sample)
	out, err := expander(ctx, "__alert_"+r.name, text, data, at, ask).Expand()
	if err != nil {
		return fmt.Sprintf("<error expanding template: %s>", err)
	}
	return out
}

func expander(ctx context.Context, name, text string, data any, at time.Time, ask template.QueryFunc) *template.Expander {
	external, _ := url.Parse(externalURL) // it is a constant
	return template.NewTemplateExpander(ctx, definitions+text, name, data, model.TimeFromUnixNano(at.UnixNano()), ask, external, nil)
}

// instant is what an expression finds at one moment, for the function query of templates.
func (e *evaluator) instant(ctx context.Context, text string, at time.Time) (promql.Vector, error) {
	query, err := e.engine.NewInstantQuery(ctx, e.until(at), nil, text, at)
	if err != nil {
		return nil, err
	}
	defer query.Close()
	result := query.Exec(ctx)
	switch v := result.Value.(type) {
	case promql.Vector:
		return append(promql.Vector{}, v...), nil // the engine takes its own back
	case promql.Scalar:
		return promql.Vector{{T: v.T, F: v.V, Metric: labels.EmptyLabels()}}, nil
	}
	if result.Err != nil {
		return nil, result.Err
	}
	return nil, errors.New("rule result is not a vector or scalar")
}

// parseTemplate says what is wrong with a template.
func parseTemplate(text string) error {
	var nobody context.Context // parsing asks nothing
	return expander(nobody, "template", text, nil, time.Time{}, nil).ParseTest()
}
