package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"runbook/engine/action"
	"runbook/engine/contact"
	"runbook/engine/module"
)

// A silence, as Alertmanager has it.
type silenced struct {
	ID        string    `json:"id,omitempty"`
	Matchers  []matcher `json:"matchers"`
	StartsAt  time.Time `json:"startsAt"`
	EndsAt    time.Time `json:"endsAt"`
	CreatedBy string    `json:"createdBy"`
	Comment   string    `json:"comment"`
	Status    *struct {
		State string `json:"state"`
	} `json:"status,omitempty"`
}

func (s silenced) state() string {
	if s.Status == nil {
		return ""
	}
	return s.Status.State
}

// shown is a silence as scripts have it.
func (s silenced) shown() map[string]any {
	return map[string]any{
		"id": s.ID, "matchers": matchersText(s.Matchers), "state": cmp.Or(s.state(), "active"), "by": s.CreatedBy, "comment": s.Comment,
		"starts": seconds(s.StartsAt), "ends": seconds(s.EndsAt),
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1e3 }

func silenceTarget(name string) action.Target {
	return action.Target{System: system, Kind: silences, Name: name}
}

const silenceType = "notify.Silence"

func (b *binding) silencesFunc() module.Func {
	return module.Func{
		Name: "silences",
		Doc:  "Lists the silences of the site's Alertmanager, those that end first before the others.",
		Params: []module.Param{{Name: "options", Kind: module.Object, Doc: "which of them", Fields: []module.Param{
			{Name: "state", Kind: module.String, Enum: []string{"active", "pending", "expired"}, Doc: "only these; active and pending if not given"},
		}}},
		Returns: module.Result{
			Type: silenceType + "[]",
			Doc:  "{ id, matchers, state, starts, ends, by, comment }, the matchers as one text, times in seconds since 1970",
		},
		Errors:   sending,
		Examples: []string{`for _, s in ipairs(notify.silences()) do log(s.matchers .. " until " .. time.format(s.ends)) end`},
		Read: func(args module.Args) (action.Read, error) {
			return listing{b, args.String("state")}, nil
		},
	}
}

// A listing looks for silences.
type listing struct {
	b     *binding
	state string
}

func (l listing) Describe() action.Description {
	d := action.Description{Verb: "notify.silences", Target: silenceTarget(""), Idempotent: true}
	if l.state != "" {
		d.Identity = []action.Arg{{Name: "state", Value: l.state}}
	}
	return d
}

func (l listing) Read(ctx context.Context, view action.View) (any, error) {
	live, err := l.b.silences(ctx)
	if err != nil {
		return nil, err
	}
	var out []map[string]any
	keep := func(s map[string]any) {
		if s != nil && (s["state"] == l.state || l.state == "" && s["state"] != "expired") {
			out = append(out, s)
		}
	}
	for _, s := range live {
		laid, _ := view.Lay(silenceTarget(s.ID), s.shown())
		keep(laid)
	}
	for _, target := range view.Intended(system, silences, "") {
		if slices.ContainsFunc(live, func(s silenced) bool { return s.ID == target.Name }) {
			continue
		}
		laid, _ := view.Lay(target, nil)
		keep(laid)
	}
	slices.SortStableFunc(out, func(a, b map[string]any) int { return cmp.Compare(number(a["ends"]), number(b["ends"])) })
	if out == nil {
		out = []map[string]any{}
	}
	return module.Raw(out)
}

func number(v any) float64 {
	switch n := v.(type) {
	case float64:
		return n
	case json.Number:
		f, _ := n.Float64()
		return f
	}
	return 0
}

// silences are those that there really are.
func (b *binding) silences(ctx context.Context) (live []silenced, err error) {
	err = b.within(ctx, contact.Receiver{Timeout: patience}, func(ctx context.Context) error {
		return b.ask(ctx, "list silences", http.MethodGet, "silences", nil, &live)
	})
	return live, err
}
