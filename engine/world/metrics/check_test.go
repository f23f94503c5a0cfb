package metrics

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/world/scenario"
)

func TestCheckSaysWhatIsWrongAndWhere(t *testing.T) {
	rule := func(change func(*scenario.Rule)) *scenario.Prometheus {
		r := scenario.Rule{Alert: "Down", Expr: "up == 0"}
		change(&r)
		return &scenario.Prometheus{Rules: []scenario.Rule{r}}
	}
	values := func(text string) *scenario.Prometheus {
		return &scenario.Prometheus{Series: []scenario.Series{one("fine", "1"), one("x", text)}}
	}
	named := func(name string) *scenario.Prometheus {
		return &scenario.Prometheus{Series: []scenario.Series{one(name, "1")}}
	}
	for name, c := range map[string]struct {
		section *scenario.Prometheus
		place   string
		says    string
	}{
		"nothing written":   {values(""), "series[1].values", "it has no values; write one such as 1"},
		"no number":         {values("0+10y60"), "series[1].values", `{__name__="x"}: "0+10y60" is no value of a series: `},
		"no word":           {values("1 gone"), "series[1].values", `"gone" is no value of a series: unexpected identifier "gone"`},
		"no count":          {values("1 1xy"), "series[1].values", `"1xy" is no value of a series: after x there must be how often it is repeated, not "y"`},
		"too many":          {values("0+1x99999999999999999999"), "series[1].values", `with "0+1x99999999999999999999" it has more than 1000000 samples`},
		"too many together": {values("0x600000 0x600000"), "series[1].values", `with "0x600000" it has more than`},
		"histogram":         {values("{{schema:x}}"), "series[1].values", "is no value of a series"},
		"histograms that do not fit": {
			values("{{schema:1 sum:1}}+{{schema:0 sum:1}}x2"), "series[1].values", "cannot merge from schema",
		},
		"no name":     {named(`{job="a"}`), "series[0].series", `"{job=\"a\"}" has no name of a metric; write one such as up{job="photon"}`},
		"no series":   {named(`up{job=a}`), "series[0].series", `"up{job=a}" is no series: unexpected identifier "a"`},
		"empty":       {named(``), "series[0].series", `"" has no name of a metric`},
		"label twice": {named(`up{a="1",a="2"}`), "series[0].series", "has the label a twice"},
		"twice": {
			&scenario.Prometheus{Series: []scenario.Series{one(`x{a="1",b="2"}`, "1"), one(`x{b="2",a="1",c=""}`, "1")}},
			"series[1].series", "is there already, as number 1 of the series",
		},
		"alerts by hand and by rules": {
			&scenario.Prometheus{Series: []scenario.Series{one("ALERTS", "1")}, Rules: []scenario.Rule{{Alert: "A", Expr: "up"}}},
			"series[0].series", "ALERTS is what the rules of a scenario write",
		},
		"interval":          {&scenario.Prometheus{Interval: -time.Second}, "interval", "-1s is no interval between samples; write one such as 15s"},
		"no alert":          {rule(func(r *scenario.Rule) { r.Alert = "" }), "rules[0]", "a rule needs the name of its alert; write alert: NAME"},
		"expression":        {rule(func(r *scenario.Rule) { r.Expr = "up ==" }), "rules[0].expr", "the expression of Down: 1:6: parse error"},
		"no expression":     {rule(func(r *scenario.Rule) { r.Expr = "" }), "rules[0].expr", "no expression found in input"},
		"misspelt function": {rule(func(r *scenario.Rule) { r.Expr = "rat(up[5m])" }), "rules[0].expr", `; did you mean "rate"?`},
		"range":             {rule(func(r *scenario.Rule) { r.Expr = "up[5m]" }), "rules[0].expr", "up[5m] is range vector; a rule needs instant vector"},
		"negative for":      {rule(func(r *scenario.Rule) { r.For = -1 }), "rules[0].for", "-1ns cannot be negative"},
		"negative keep":     {rule(func(r *scenario.Rule) { r.KeepFiringFor = -1 }), "rules[0].keep_firing_for", "-1ns cannot be negative"},
		"name of a label":   {rule(func(r *scenario.Rule) { r.Labels = map[string]string{"__name__": "x"} }), "rules[0].labels.__name__", `"__name__" is no name for one of the labels`},
		"template":          {rule(func(r *scenario.Rule) { r.Annotations = map[string]string{"a": "{{ $labels.x"} }), "rules[0].annotations.a", "is no template"},
		"function of a template": {
			rule(func(r *scenario.Rule) { r.Annotations = map[string]string{"a": "{{ humanise $value }}"} }), "rules[0].annotations.a", `function "humanise" not defined`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			problems := Check(c.section)
			require.Len(t, problems, 1)
			require.True(t, strings.HasPrefix(problems[0].Error(), "prometheus."+c.place+": "), problems[0].Error())
			require.Contains(t, problems[0].Message, c.says)
			_, err := New(c.section, start, &hand{start})
			require.EqualError(t, err, problems[0].Error())
		})
	}
}

func TestCheckFindsEverything(t *testing.T) {
	problems := Check(&scenario.Prometheus{
		Series: []scenario.Series{one("a", "x"), one("b", "1"), one("{}", "1")},
		Rules:  []scenario.Rule{{Expr: "("}},
	})
	require.Len(t, problems, 4)
	require.Empty(t, Check(site()))
	require.Empty(t, Check(alarmed()))
	require.Empty(t, Check(&scenario.Prometheus{}))
}
