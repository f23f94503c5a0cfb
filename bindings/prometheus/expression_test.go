package prometheus

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

// Whatever is wrong with an expression is shown with its place, and nothing is sent.
func TestMistakesAreShownWithTheirPlace(t *testing.T) {
	d := drive(t, serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("something was sent") })))
	for _, c := range []struct{ name, expr, message, hint string }{
		{
			"the handbook's grouping", `rate(photon_compilations_total{status="error"}[5m]) by (target)`,
			"line 1, column 53: unexpected <by>\n    rate(photon_compilations_total{status=\"error\"}[5m]) by (target)\n" +
				"                                                        ^",
			`a grouping belongs to an aggregation: sum by (target) (rate(photon_compilations_total{status="error"}[5m]))`,
		},
		{
			"the handbook's average", `avg_over_time(photon_device_status[7d]) by (device_id)`, "line 1, column 41: unexpected <by>",
			"a grouping belongs to an aggregation: avg by (device_id) (avg_over_time(photon_device_status[7d]))",
		},
		{
			"a grouping of one side", `1 - rate(x[5m]) without (a, b)`, "column 17: unexpected <without>",
			"a grouping belongs to an aggregation: sum without (a, b) (rate(x[5m]))",
		},
		{"a grouping of what has one", `sum by (x) (y) by (z)`, "column 16: unexpected <by>", "a grouping belongs to an aggregation: sum by (z) (…)"},
		{"an operand of two", `topk(5, rate(x[5m]) by (y))`, "column 21: unexpected <by>", "a grouping belongs to an aggregation: sum by (y) (rate(x[5m]))"},
		{"several lines", "sum(\n\trate(x{a=\"é\"}[5m]) by (x)\n)", "line 2, column 21: unexpected <by>", `a grouping belongs to an aggregation: sum by (x) (rate(x{a="é"}[5m]))`},
		{"a misspelt function", `rat(up[5m])`, `column 1: unknown function with name "rat"`, "did you mean rate(…)?"},
		{"a function of nobody", `zzzzzzzz(up)`, `unknown function with name "zzzzzzzz"`, mendIt},
		{"no range", `rate(up)`, `column 6: expected type range vector in call to function "rate", got instant vector`, "say over how long, in brackets: rate(x[5m])"},
		{"one sign of two", `up = 0`, `column 4: unexpected "="`, "two values are compared with =="},
		{"an open brace", `up{`, "line 1, column 4", mendIt},
		{"an open string", `up{job="a}`, "line 1, column 8", mendIt},
		{"nothing", "  ", "the expression is empty", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, function := range []string{"query", "value", "query_range"} {
				_, err := d.build(function, c.expr)
				require.ErrorContains(t, err, "prometheus."+function+": the expression ")
				require.ErrorContains(t, err, c.message)
				e := err.(*action.Error) //nolint:errorlint // exactly that
				require.Equal(t, action.CodeInvalid, e.Code)
				require.Equal(t, c.hint, e.Hint)
			}
			_, err := d.build("values", map[string]any{"good": "up", "bad": c.expr})
			require.ErrorContains(t, err, "prometheus.values: bad: the expression ")
		})
	}
}

// Tabs stay tabs in front of the caret, so that it stands where it belongs however wide they are.
func TestTheCaretStandsUnderItsPlace(t *testing.T) {
	for _, c := range []struct {
		text         string
		position     int
		line, column int
		shown        string
	}{
		{"abc", 1, 1, 2, "    abc\n     ^"},
		{"abc", 3, 1, 4, "    abc\n       ^"},
		{"abc", 99, 1, 4, "    abc\n       ^"},
		{"a\n\tbc\nd", 4, 2, 3, "    \tbc\n    \t ^"},
		{"éé x\r\ny", 5, 1, 4, "    éé x\n       ^"},
	} {
		line, column, shown := caret(c.text, c.position)
		require.Equal(t, c.line, line)
		require.Equal(t, c.column, column)
		require.Equal(t, c.shown, shown)
	}
}

// What only a newer server knows, or one with a flag, is the server's to refuse.
func TestExperimentsAreLetThrough(t *testing.T) {
	for _, expr := range []string{
		`limitk(1, up)`, `sort_by_label(up, "job")`, `rate(x[5m + 1m])`, `max_over_time(up[step()])`, `rate(x[5m] smoothed)`, `info(up)`, `mad_over_time(x[5m])`,
	} {
		_, err := parse("", expr)
		require.NoError(t, err, expr)
	}
}

func TestTypesAreCheckedBeforeAnythingIsSent(t *testing.T) {
	d := drive(t, "http://127.0.0.1:1")
	for _, c := range []struct {
		call []any
		want string
	}{
		{[]any{"value", "up[5m]"}, "prometheus.value: up[5m] is range vector, and one number is wanted"},
		{[]any{"value", `"x"`}, `prometheus.value: "x" is string, and one number is wanted`},
		{[]any{"query_range", "up[5m]"}, "prometheus.query_range: up[5m] is range vector, and a range query wants one value for each time"},
		{[]any{"values", map[string]any{"a": 1.0}}, "prometheus.values: a must be an expression, which is a string"},
		{[]any{"values", "up"}, "prometheus.values: expressions must be a table, not the string"},
		{[]any{"query", "up", opts("time", 3600.0)}, "prometheus.query: time: 3600 is no time of a metric: a number is seconds since 1970"},
		{[]any{"query", "up", opts("time", "yesterday")}, `prometheus.query: time: "yesterday" is no time`},
		{[]any{"query", "up", opts("time", "-1h")}, `prometheus.query: time: "-1h" is no time`},
		{[]any{"query", "up", opts("time", true)}, "prometheus.query: time must be a time"},
		{[]any{"query", "up", opts("timeout", 0.0)}, "prometheus.query: timeout must be longer than nothing"},
		{[]any{"query", "up", opts("timout", "1s")}, `prometheus.query has no option "timout"; did you mean "timeout"?`},
		{[]any{"query_range", "up", opts("step", 0.0)}, "prometheus.query_range: step must be at least a millisecond"},
		{[]any{"series", "up{"}, "prometheus.series: match: the selector cannot be read: line 1, column 4"},
		{[]any{"series", "rate(up[5m])"}, "prometheus.series: match: the selector cannot be read"},
		{[]any{"series", `{job=~".*"}`}, `prometheus.series: match: the selector {job=~".*"} fits every series`},
		{[]any{"series", 7.0}, "prometheus.series: match must be a selector of series, or a list of them"},
		{[]any{"labels", opts("match", []any{"up", 1.0})}, "prometheus.labels: match must be a selector of series, or a list of them"},
		{[]any{"label_values", "\xff"}, `prometheus.label_values: "\xff" is no name of a label`},
		{[]any{"alerts", opts("state", "fireing")}, `prometheus.alerts: state must be one of firing, pending, got "fireing"; did you mean "firing"?`},
	} {
		_, err := d.build(c.call[0].(string), c.call[1:]...)
		require.ErrorContains(t, err, c.want)
		require.Equal(t, action.CodeInvalid, action.CodeOf(err))
	}
}

func TestGrids(t *testing.T) {
	d := drive(t, simulated(t, &known))
	for _, c := range []struct {
		options  map[string]any
		from, to float64
		step     float64
	}{
		{nil, 1740794400, 1740798000, 15},
		{opts("from", "1d"), 1740711600, 1740798000, 360},
		{opts("from", "7d"), 1740193200, 1740798000, 2520},
		{opts("from", "7d", "step", "1h"), 1740193200, 1740798000, 3600},
		{opts("to", "1h"), 1740790800, 1740794400, 15},
		{opts("from", 1740790800.0, "to", "30m"), 1740790800, 1740796200, 23},
		{opts("from", "1s"), 1740797999, 1740798000, 1},
		{opts("from", "0s"), 1740798000, 1740798000, 1},
		{opts("from", "11000s", "step", "1s"), 1740787000, 1740798000, 1},
	} {
		got := d.read("query_range", "vector(1)", c.options).(map[string]any)
		require.Equal(t, []any{c.from, c.to, c.step}, []any{got["from"], got["to"], got["step"]})
		series := got["series"].([]any)[0].(map[string]any)
		points := series["points"].([]any)
		require.Len(t, points, int((c.to-c.from)/c.step)+1)
		near(t, "0", series["stats"].(map[string]any)["missing"])
		near(t, fmt.Sprintf("%.0f", c.from), points[0].(map[string]any)["time"])
	}
	e := d.fails("query_range", "up", opts("from", "7d", "step", "1s"))
	require.Equal(t, "prometheus.query_range: a step of 1s gives 604801 points a series, and a server gives at most 11000", e.Message)
	require.Equal(t, "take a step of at least 55s", e.Hint)
	require.ErrorContains(t, d.fails("query_range", "up", opts("from", "1h", "to", "2h")), "it begins at 2025-03-01T02:00:00Z, after its end at 2025-03-01T01:00:00Z")
	require.ErrorContains(t, d.fails("series", "up", opts("from", "1h", "to", "2h")), "prometheus.series: from is after to")
}

// Where a server moves the grid, as some do, its points stand where they are nearest.
func TestAGridThatTheServerMoved(t *testing.T) {
	d := drive(t, serve(t, says(200, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},
		"values":[[1740797820,"1"],[1740797890,"2"],[1740798010,"4"],[1840798010,"5"]]}]}}`)))
	got := d.read("query_range", "up", opts("from", "3m", "step", "1m")).(map[string]any)
	require.Equal(t, []any{1.0, 2.0, nil, 4.0}, got["series"].([]any)[0].(map[string]any)["values"])
}
