package prometheus

import (
	"context"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"runbook/engine/action"
	"runbook/engine/module"
)

func (b *binding) rulesFunc() module.Func {
	return module.Func{
		Name: "rules",
		Doc:  "Lists the alerting and recording rules, with what became of them.",
		Params: []module.Param{{Name: "options", Kind: module.Object, Doc: "which of them", Fields: []module.Param{
			{Name: "type", Kind: module.String, Enum: []string{"alerting", "recording"}, Doc: "only those of that type"},
			{Name: "name", Kind: module.String, Doc: "only those of that name: of the alert, or of the recorded series"},
		}}},
		Returns: module.Result{
			Type: "prometheus.Rule[]",
			Doc: "{ type, name, group, file, query, health, last_error, last_evaluation, labels }, and of alerting ones { state, duration, annotations, alerts }; " +
				"in the order of the server; health is ok, err or unknown; times in seconds",
		},
		Errors:   asking,
		Examples: []string{`for _, rule in ipairs(prometheus.rules()) do if rule.health == "err" then log({ rule.name, rule.last_error }) end end`},
		Read: func(args module.Args) (action.Read, error) {
			return plainRead{b, "prometheus.rules", "rules", given(args, "type", "name"), func(ctx context.Context, api v1.API) (any, error) {
				found, err := api.Rules(ctx, nil)
				if err == nil && found.Groups == nil {
					err = errNoList
				}
				return rulesOf(found.Groups, args.String("type"), args.String("name")), err
			}}, nil
		},
	}
}

// A rule is an alerting or a recording one.
type rule struct {
	Type           string            `json:"type"`
	Name           string            `json:"name"`
	Group          string            `json:"group"`
	File           string            `json:"file"`
	Query          string            `json:"query"`
	Health         string            `json:"health"`
	LastError      string            `json:"last_error,omitempty"`
	LastEvaluation *float64          `json:"last_evaluation,omitempty"`
	Labels         map[string]string `json:"labels"`

	State       string             `json:"state,omitempty"`
	Duration    *float64           `json:"duration,omitempty"`
	Annotations *map[string]string `json:"annotations,omitempty"`
	Alerts      *[]alert           `json:"alerts,omitempty"`
}

// rulesOf are those of that type and name; an empty text fits all.
func rulesOf(groups []v1.RuleGroup, kind, name string) []rule {
	out := []rule{}
	for _, g := range groups {
		for _, r := range g.Rules {
			one, known := ruleOf(r)
			if !known || kind != "" && kind != one.Type || name != "" && name != one.Name {
				continue
			}
			one.Group, one.File = g.Name, g.File
			out = append(out, one)
		}
	}
	return out
}

func ruleOf(r any) (rule, bool) {
	switch r := r.(type) {
	case v1.RecordingRule:
		return rule{
			Type: "recording", Name: r.Name, Query: r.Query, Health: string(r.Health), LastError: r.LastError,
			LastEvaluation: timeOf(r.LastEvaluation), Labels: labelsOf(r.Labels),
		}, true
	case v1.AlertingRule:
		annotations, alerts := labelsOf(r.Annotations), []v1.Alert{}
		for _, a := range r.Alerts {
			if a != nil {
				alerts = append(alerts, *a)
			}
		}
		active := alertsOf(alerts, "", "")
		return rule{
			Type: "alerting", Name: r.Name, Query: r.Query, Health: string(r.Health), LastError: r.LastError,
			LastEvaluation: timeOf(r.LastEvaluation), Labels: labelsOf(r.Labels),
			State: r.State, Duration: number(r.Duration), Annotations: &annotations, Alerts: &active,
		}, true
	}
	return rule{}, false
}
