package metrics

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// groupName is the name of the one group that a scenario's rules are in, and of its file.
const groupName = "scenario"

// The answers about alerts, as Prometheus writes them.
type (
	alertList struct {
		Alerts []shownAlert `json:"alerts"`
	}
	shownAlert struct {
		Labels          labels.Labels `json:"labels"`
		Annotations     labels.Labels `json:"annotations"`
		State           string        `json:"state"`
		ActiveAt        *time.Time    `json:"activeAt,omitempty"`
		KeepFiringSince *time.Time    `json:"keepFiringSince,omitempty"`
		Value           string        `json:"value"`
	}
	groupList struct {
		Groups []shownGroup `json:"groups"`
	}
	shownGroup struct {
		Name           string      `json:"name"`
		File           string      `json:"file"`
		Rules          []shownRule `json:"rules"`
		Interval       float64     `json:"interval"`
		Limit          int         `json:"limit"`
		EvaluationTime float64     `json:"evaluationTime"`
		LastEvaluation time.Time   `json:"lastEvaluation"`
	}
	shownRule struct {
		State          string        `json:"state"`
		Name           string        `json:"name"`
		Query          string        `json:"query"`
		Duration       float64       `json:"duration"`
		KeepFiringFor  float64       `json:"keepFiringFor"`
		Labels         labels.Labels `json:"labels"`
		Annotations    labels.Labels `json:"annotations"`
		Alerts         []shownAlert  `json:"alerts"`
		Health         string        `json:"health"`
		LastError      string        `json:"lastError,omitempty"`
		EvaluationTime float64       `json:"evaluationTime"`
		LastEvaluation time.Time     `json:"lastEvaluation"`
		Type           string        `json:"type"`
	}
)

func (m *Metrics) alerts(q question) answer {
	if err := m.evaluator.catchUp(q.Context(), q.now); err != nil {
		return answer{failed: ofQuery(err)}
	}
	out := alertList{Alerts: []shownAlert{}}
	for _, r := range m.rules {
		out.Alerts = append(out.Alerts, m.shownAlerts(q.Context(), r)...)
	}
	return answer{data: out}
}

func (m *Metrics) shownAlerts(ctx context.Context, r *rule) []shownAlert {
	out := []shownAlert{}
	for _, a := range r.alerts() {
		shown := shownAlert{
			Labels: a.labels, Annotations: r.annotationsOf(ctx, m.evaluator, a), State: a.state(), ActiveAt: &a.since,
			Value: strconv.FormatFloat(a.sample.F, 'e', -1, 64),
		}
		if !a.missedSince.IsZero() {
			shown.KeepFiringSince = &a.missedSince
		}
		out = append(out, shown)
	}
	return out
}

// A choice is which rules are asked for, and how much of them.
type choice struct {
	names    []string
	matchers [][]*labels.Matcher
	none     bool // the group is not asked for, or only recording rules, of which a scenario has none
	alerts   bool
}

func (m *Metrics) ruleGroups(q question) answer {
	c, wrong := m.choice(q)
	if wrong != nil {
		return *wrong
	}
	if err := m.evaluator.catchUp(q.Context(), q.now); err != nil {
		return answer{failed: ofQuery(err)}
	}
	group := shownGroup{Name: groupName, File: groupName, Interval: m.interval.Seconds()}
	for _, r := range m.rules {
		group.LastEvaluation = r.last
		if c.wants(r) {
			group.Rules = append(group.Rules, m.shownRule(q.Context(), r, c.alerts))
		}
	}
	out := groupList{Groups: []shownGroup{}}
	if len(group.Rules) > 0 {
		out.Groups = append(out.Groups, group)
	}
	return answer{data: out}
}

func (c choice) wants(r *rule) bool {
	fits := func(set []*labels.Matcher) bool { return matches(r.labels, set) }
	return !c.none && (len(c.names) == 0 || slices.Contains(c.names, r.name)) && (len(c.matchers) == 0 || slices.ContainsFunc(c.matchers, fits))
}

func (m *Metrics) shownRule(ctx context.Context, r *rule, alerts bool) shownRule {
	out := shownRule{
		State: r.state(), Name: r.name, Query: r.expr.String(), Duration: r.hold.Seconds(), KeepFiringFor: r.keep.Seconds(),
		Labels: r.labels, Annotations: r.annotations, Health: "ok", LastEvaluation: r.last, Type: "alerting",
	}
	if alerts {
		out.Alerts = m.shownAlerts(ctx, r)
	}
	if r.failed != nil {
		out.Health, out.LastError = "err", r.failed.Error()
	}
	return out
}

func (m *Metrics) choice(q question) (choice, *answer) {
	wrong := func(a answer) (choice, *answer) { return choice{}, &a }
	if err := q.ParseForm(); err != nil {
		return wrong(failed(badData, fmt.Errorf("error parsing form values: %w", err)))
	}
	matchers, err := m.matchersOf(q)
	if err != nil {
		return wrong(failed(badData, err))
	}
	url := q.URL.Query()
	kind := strings.ToLower(url.Get("type"))
	if kind != "" && kind != "alert" && kind != "record" {
		return wrong(invalid("type", fmt.Errorf("not supported value %q", kind)))
	}
	exclude := false
	if text := strings.ToLower(url.Get("exclude_alerts")); text != "" {
		if exclude, err = strconv.ParseBool(text); err != nil {
			return wrong(invalid("exclude_alerts", fmt.Errorf("error converting exclude_alerts: %w", err)))
		}
	}
	if name, err := checkPaging(url.Get("group_limit"), url.Get("group_next_token")); err != nil {
		return wrong(invalid(name, err))
	}
	other := func(name string) bool { return len(q.Form[name]) > 0 && !slices.Contains(q.Form[name], groupName) }
	return choice{
		names: q.Form["rule_name[]"], matchers: matchers, alerts: !exclude,
		none: kind == "record" || other("rule_group[]") || other("file[]"),
	}, nil
}

// checkPaging says which parameter is wrong. One group fits on any page.
func checkPaging(limit, next string) (string, error) {
	if limit == "" {
		if next != "" {
			return "group_next_token", errors.New("group_limit needs to be present in order to paginate over the groups")
		}
		return "", nil
	}
	switch n, err := strconv.ParseInt(limit, 10, 32); {
	case err != nil:
		return "group_limit", fmt.Errorf("group_limit needs to be a valid number: %w", err)
	case n <= 0:
		return "group_limit", errors.New("group_limit needs to be greater than 0")
	}
	if token := sha256.Sum256([]byte(groupName + ";" + groupName)); next != "" && next != hex.EncodeToString(token[:]) {
		return "group_next_token", fmt.Errorf("invalid group_next_token '%v'. were rule groups changed?", next)
	}
	return "", nil
}
