package metrics

import (
	"encoding/json"
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/world/scenario"
)

// nowFiring is the answer about alerts, of which a test names the parts that it means.
type nowFiring struct {
	Data struct {
		Alerts []struct {
			Labels, Annotations       map[string]string
			State, Value              string
			ActiveAt, KeepFiringSince *time.Time
		}
	}
}

func alertsOf(t *testing.T, m *Metrics) nowFiring {
	t.Helper()
	status, body := asked("GET /api/v1/alerts").of(m)
	require.Equal(t, 200, status, body)
	var out nowFiring
	require.NoError(t, json.Unmarshal([]byte(body), &out))
	return out
}

// failing is down from three minutes into the run until ten.
func failing(r scenario.Rule) *scenario.Prometheus {
	from := -10 * time.Minute
	r.Alert, r.Expr = "Down", "up == 0"
	return &scenario.Prometheus{
		Series: []scenario.Series{{Series: `up{job="photon"}`, Values: "1x12 0x6 1", From: &from}},
		Rules:  []scenario.Rule{r},
	}
}

func TestAnAlertOverTime(t *testing.T) {
	m, clock := world(t, failing(scenario.Rule{
		For: 2 * time.Minute, Labels: map[string]string{"severity": "page"}, Annotations: map[string]string{"summary": "{{ $labels.job }}: {{ $value }}"},
	}))
	for minute := range 13 {
		clock.at = start.Add(time.Duration(minute)*time.Minute + 20*time.Second)
		got := alertsOf(t, m).Data.Alerts
		if minute < 3 || minute >= 10 {
			require.Empty(t, got, "minute %d", minute)
			continue
		}
		state := "pending"
		if minute >= 5 {
			state = "firing"
		}
		require.Len(t, got, 1, "minute %d", minute)
		require.Equal(t, state, got[0].State, "minute %d", minute)
		require.Equal(t, start.Add(3*time.Minute), *got[0].ActiveAt)
		require.Equal(t, "0e+00", got[0].Value)
		require.Equal(t, map[string]string{"alertname": "Down", "job": "photon", "severity": "page"}, got[0].Labels)
		require.Equal(t, map[string]string{"summary": "photon: 0"}, got[0].Annotations)
	}
	_, body := asked("GET /api/v1/query_range?query=ALERTS&start={0s}&end={12m}&step=1m").of(m)
	at := func(minute int) string { return fmt.Sprint(start.Add(time.Duration(minute) * time.Minute).Unix()) }
	require.JSONEq(t, `{"status":"success","data":{"resultType":"matrix","result":[
		{"metric":{"__name__":"ALERTS","alertname":"Down","alertstate":"firing","job":"photon","severity":"page"},
		 "values":[[`+at(5)+`,"1"],[`+at(6)+`,"1"],[`+at(7)+`,"1"],[`+at(8)+`,"1"],[`+at(9)+`,"1"]]},
		{"metric":{"__name__":"ALERTS","alertname":"Down","alertstate":"pending","job":"photon","severity":"page"},
		 "values":[[`+at(3)+`,"1"],[`+at(4)+`,"1"]]}]}}`, body, "each ends at once: there are stale markers")
	_, body = asked("GET /api/v1/query?query=ALERTS_FOR_STATE&time={9m}").of(m)
	require.Contains(t, body, `"`+at(3)+`"]`, "it is since when")
}

func TestAnAlertThatKeepsFiring(t *testing.T) {
	m, clock := world(t, failing(scenario.Rule{KeepFiringFor: 3 * time.Minute}))
	clock.move(9 * time.Minute)
	require.Nil(t, alertsOf(t, m).Data.Alerts[0].KeepFiringSince)
	clock.move(2 * time.Minute)
	got := alertsOf(t, m).Data.Alerts
	require.Equal(t, "firing", got[0].State)
	require.Equal(t, start.Add(10*time.Minute), *got[0].KeepFiringSince)
	clock.move(2 * time.Minute)
	require.Empty(t, alertsOf(t, m).Data.Alerts)
}

// An alert that comes back is another one: it waits again.
func TestAnAlertThatComesBackWaitsAgain(t *testing.T) {
	from := -time.Minute
	m, clock := world(t, &scenario.Prometheus{
		Series: []scenario.Series{{Series: "up", Values: "0x5 1 0", From: &from}},
		Rules:  []scenario.Rule{{Alert: "Down", Expr: "up == 0", For: 3 * time.Minute}},
	})
	clock.move(4 * time.Minute)
	require.Equal(t, "firing", alertsOf(t, m).Data.Alerts[0].State)
	clock.move(3 * time.Minute)
	got := alertsOf(t, m).Data.Alerts[0]
	require.Equal(t, "pending", got.State)
	require.Equal(t, start.Add(6*time.Minute), *got.ActiveAt)
}

// Whoever asks often gets the same as who asks once, and many moments at once are what one after the other is.
func TestRulesDoNotDependOnHowTheyAreAsked(t *testing.T) {
	section := alarmed()
	section.Series = append(section.Series, one(`flapping{x="1"}`, "0x7 1x3 0x2 1x9 0 1 0x30"), one(`flapping{x="2"}`, "1 _x9 1 0 1x20 stale 1x5"))
	section.Rules = append(section.Rules,
		scenario.Rule{Alert: "Flapping", Expr: "flapping == 1", For: 2 * time.Minute, KeepFiringFor: 90 * time.Second, Labels: map[string]string{"v": "{{ $value }}"}},
		scenario.Rule{Alert: "Sometimes", Expr: "flapping * on () group_left () (flapping > 0)"}, // fails while both are there
	)
	questions := []asked{"GET /api/v1/rules", "GET /api/v1/alerts", "GET /api/v1/query?query={__name__=~\"ALERTS.*\"}[3h]"}
	answersOf := func(stride int, step time.Duration) []string {
		m, clock := world(t, section)
		m.evaluator.stride = stride
		for end := start.Add(time.Hour); clock.at.Before(end); {
			clock.move(step)
			_, _ = questions[1].of(m)
		}
		out := make([]string, len(questions))
		for i, question := range questions {
			_, out[i] = question.of(m)
		}
		return out
	}
	// What asks about alerts can only be evaluated moment by moment, and is left out here.
	for i, r := range section.Rules {
		if r.Alert == "Seen" {
			section.Rules = append(section.Rules[:i:i], section.Rules[i+1:]...)
			break
		}
	}
	want := answersOf(1, time.Hour)
	require.Equal(t, want, answersOf(1, 2*time.Minute))
	require.Equal(t, want, answersOf(stride, time.Hour))
	require.Equal(t, want, answersOf(stride, 2*time.Minute))
	require.Equal(t, want, answersOf(7, 5*time.Minute))
	require.Contains(t, want[0], "many-to-many matching not allowed")
}

// An evaluation that fails leaves everything as it is; the next one goes on from there.
func TestAnEvaluationThatFails(t *testing.T) {
	from := time.Duration(0)
	m, clock := world(t, &scenario.Prometheus{
		Series: []scenario.Series{{Series: "down", Values: "1 1 1 0", From: &from}, {Series: `by{x="1"}`, Values: "1", From: &from}, {Series: `by{x="2"}`, Values: "_ _ 1 stale", From: &from}},
		Rules:  []scenario.Rule{{Alert: "Down", Expr: "down * on () by == 1"}},
	})
	health := func() string {
		_, body := asked("GET /api/v1/rules").of(m)
		return regexp.MustCompile(`"health":"(\w+)"`).FindStringSubmatch(body)[1]
	}
	clock.move(time.Minute)
	require.Equal(t, "ok", health())
	clock.move(time.Minute)
	require.Equal(t, "err", health())
	require.Equal(t, "firing", alertsOf(t, m).Data.Alerts[0].State)
	clock.move(time.Minute)
	require.Equal(t, "ok", health())
	require.Empty(t, alertsOf(t, m).Data.Alerts)
	_, body := asked("GET /api/v1/query?query=ALERTS&time={2m}").of(m)
	require.Contains(t, body, `"firing"`)
	_, body = asked("GET /api/v1/query?query=ALERTS&time={3m}").of(m)
	require.Contains(t, body, `"result":[]`, "a stale marker follows")
}

func TestRulesThatNeedOneMomentAtATime(t *testing.T) {
	for expr, want := range map[string]bool{
		"up == 0": false, "rate(up[5m]) > 0": false, "ALERTS": true, "ALERTS_FOR_STATE > 0": true, `{__name__=~"ALE.*"}`: true, `{job="a"}`: true,
		"up @ end()": true, "max_over_time(up[5m:1m] @ start())": true, "up @ 5": false,
	} {
		e, err := newParser().ParseExpr(expr)
		require.NoError(t, err)
		require.Equal(t, want, newRule(scenario.Rule{}, e).ofOneMoment(), expr)
	}
}

func TestARuleSeesTheAlertsOfThoseBeforeIt(t *testing.T) {
	m, _ := world(t, &scenario.Prometheus{
		Series: []scenario.Series{one("up", "1x9 0x5")},
		Rules: []scenario.Rule{
			{Alert: "Seen", Expr: `ALERTS{alertname="Down"}`},
			{Alert: "Down", Expr: "up == 0"},
			{Alert: "SeenAtOnce", Expr: `ALERTS{alertname="Down",alertstate="firing"}`},
		},
	})
	since := map[string]time.Time{}
	for _, a := range alertsOf(t, m).Data.Alerts {
		since[a.Labels["alertname"]] = *a.ActiveAt
	}
	require.Equal(t, map[string]time.Time{
		"Down": start.Add(-5 * time.Minute), "SeenAtOnce": start.Add(-5 * time.Minute), "Seen": start.Add(-4 * time.Minute),
	}, since)
}

func TestARuleIsEvaluatedWithoutAnySeries(t *testing.T) {
	m, _ := world(t, &scenario.Prometheus{Rules: []scenario.Rule{{Alert: "Gone", Expr: "absent(up)"}}})
	require.Equal(t, "firing", alertsOf(t, m).Data.Alerts[0].State)
}

func TestRulesCanBeChosen(t *testing.T) {
	m, _ := world(t, alarmed())
	for question, want := range map[asked]int{
		"GET /api/v1/rules": 7,
		"GET /api/v1/rules?rule_name[]=Down&rule_name[]=Long":      2,
		"GET /api/v1/rules?rule_group[]=scenario&file[]=scenario":  7,
		"GET /api/v1/rules?rule_group[]=other":                     0,
		"GET /api/v1/rules?type=alert&match[]={severity=\"page\"}": 3,
		"GET /api/v1/rules?type=record":                            0,
		"GET /api/v1/rules?exclude_alerts=true&group_limit=1":      7,
	} {
		_, body := question.of(m)
		var out struct {
			Data struct {
				Groups []struct {
					Rules []struct{ Alerts []any }
				}
			}
		}
		require.NoError(t, json.Unmarshal([]byte(body), &out))
		if want == 0 {
			require.Empty(t, out.Data.Groups, question)
			continue
		}
		require.Len(t, out.Data.Groups[0].Rules, want, question)
		require.Equal(t, question == "GET /api/v1/rules?exclude_alerts=true&group_limit=1", out.Data.Groups[0].Rules[0].Alerts == nil, question)
	}
}
