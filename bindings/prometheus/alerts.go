package prometheus

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"runbook/engine/action"
	"runbook/engine/module"
)

func (b *binding) alertsFunc() module.Func {
	return module.Func{
		Name: "alerts",
		Doc: `Lists the alerts that are pending or firing.

They are as Prometheus has them: what an Alertmanager makes of them, such as silences, is not known there.`,
		Params: []module.Param{{Name: "options", Kind: module.Object, Doc: "which of them", Fields: []module.Param{
			{Name: "state", Kind: module.String, Enum: []string{"firing", "pending"}, Doc: "only those in that state"},
			{Name: "name", Kind: module.String, Doc: "only those of that name, which is their label alertname"},
		}}},
		Returns: module.Result{
			Type: "prometheus.Alert[]",
			Doc:  "{ name, state, labels, annotations, active_at, value }, in the order of name and labels; active_at in seconds since 1970, value only where it is a number",
		},
		Errors:   asking,
		Examples: []string{`for _, alert in ipairs(prometheus.alerts({ state = "firing" })) do log({ name = alert.name, summary = alert.annotations.summary }) end`},
		Read: func(args module.Args) (action.Read, error) {
			return plainRead{b, "prometheus.alerts", "alerts", given(args, "state", "name"), func(ctx context.Context, api v1.API) (any, error) {
				found, err := api.Alerts(ctx)
				if err == nil && found.Alerts == nil {
					err = errNoList
				}
				return alertsOf(found.Alerts, args.String("name"), args.String("state")), err
			}}, nil
		},
	}
}

// errNoList is that an answer has no list in it, not even an empty one: it is not Prometheus's, and not to be taken for "there are none".
var errNoList = errors.New("there is no list in it")

// A plainRead asks for a list that the server has ready.
type plainRead struct {
	b    *binding
	verb string
	kind string
	args []action.Arg
	list func(context.Context, v1.API) (any, error)
}

func (r plainRead) Describe() action.Description {
	return action.Description{Verb: r.verb, Target: action.Target{System: system, Kind: r.kind}, Identity: r.args, Idempotent: true}
}

func (r plainRead) Read(ctx context.Context, _ action.View) (any, error) {
	var found any
	q := question{purpose: "list the " + r.kind + " of Prometheus", target: r.Describe().Target}
	err := r.b.ask(ctx, q, func(ctx context.Context, api v1.API) (err error) {
		found, err = r.list(ctx, api)
		return err
	})
	if err != nil {
		return nil, err
	}
	return module.Raw(found)
}

// An alert is one instance of an alerting rule.
type alert struct {
	Name        string            `json:"name"`
	State       string            `json:"state"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	ActiveAt    float64           `json:"active_at"`
	Value       *float64          `json:"value,omitempty"`
}

func alertOf(a v1.Alert) alert {
	out := alert{
		Name: string(a.Labels["alertname"]), State: string(a.State), Labels: labelsOf(a.Labels), Annotations: labelsOf(a.Annotations),
		ActiveAt: seconds(a.ActiveAt),
	}
	if f, err := strconv.ParseFloat(a.Value, 64); err == nil {
		out.Value = number(f)
	}
	return out
}

// alertsOf are those with that name and in that state, in an order that does not change; an empty text fits all.
func alertsOf(found []v1.Alert, name, state string) []alert {
	out := []alert{}
	for _, a := range found {
		one := alertOf(a)
		if (name == "" || name == one.Name) && (state == "" || state == one.State) {
			out = append(out, one)
		}
	}
	slices.SortStableFunc(out, func(a, b alert) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(action.Text(a.Labels), action.Text(b.Labels)))
	})
	return out
}
