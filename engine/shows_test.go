package engine

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/module"
	"runbook/engine/redact"
)

// shows is what show writes down of such a table, as JSON.
func shows(t *testing.T, secrets *redact.Redactor, what map[string]any) (string, error) {
	t.Helper()
	m := globals(nil)
	args, err := m.Func("show").Bind(m, []any{what})
	if err != nil {
		return "", err
	}
	shown, err := Shown(args, secrets)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(shown)
	require.NoError(t, err)
	return string(text), nil
}

type table = map[string]any

func TestShow(t *testing.T) {
	for name, c := range map[string]struct {
		what table
		want string
	}{
		"a table with numbers": {
			table{"form": "table", "columns": []any{"a"}, "align": []any{"right"}, "rows": []any{[]any{"0.3"}, []any{nil}, []any{"x"}},
				"values": []any{[]any{1.0 / 3}, []any{module.Null{}}, []any{"x"}}},
			`{"form":"table","columns":["a"],"align":["right"],"rows":[["0.3"],[""],["x"]],"values":[[0.3333333333333333],[null],["x"]]}`,
		},
		"cells that are no texts": {
			table{"form": "pairs", "rows": []any{[]any{"a", []any{1.0, "b"}}, []any{"b", 2.0}, []any{"c", math.NaN()}, table{}}},
			`{"form":"pairs","rows":[["a","[1,\"b\"]"],["b","2"],["c","NaN"],[]]}`,
		},
		"checks": {
			table{"form": "checks", "checks": []any{table{"name": "a", "state": "down", "detail": "gone"}, table{"name": "b", "state": "healthy", "value": 3.0, "unit": "%"}, table{"name": "c", "state": "unknown", "value": math.NaN()}}},
			`{"form":"checks","checks":[{"name":"a","state":"down","detail":"gone"},{"name":"b","state":"healthy","value":3,"unit":"%"},{"name":"c","state":"unknown"}]}`,
		},
		"holes, however they are written": {
			table{"form": "sparklines", "unit": "s", "scale": "common", "series": []any{table{"name": "a", "values": []any{1.0, module.Null{}, false, math.NaN(), nil, math.Inf(-1)}}, table{"name": "b", "values": table{}}}},
			`{"form":"sparklines","series":[{"name":"a","values":[1,null,null,null,null,"-Inf"]},{"name":"b","values":[]}],"unit":"s","scale":"common"}`,
		},
		"bars": {
			table{"form": "bars", "max": 100.0, "bars": []any{table{"name": "a", "value": 1.5, "text": "1.5%"}, table{"name": "b"}}},
			`{"form":"bars","bars":[{"name":"a","value":1.5,"text":"1.5%"},{"name":"b","value":null}],"max":100}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := shows(t, redact.New(), c.what)
			require.NoError(t, err)
			assert.JSONEq(t, c.want, got)
		})
	}
}

func TestShowSaysWhatIsWrong(t *testing.T) {
	for want, what := range map[string]table{
		`show: form must be one of`:                          {"form": "pie"},
		`show: rows[2] is not a list`:                        {"form": "table", "rows": []any{[]any{}, "x"}},
		`show: values[1] is not a list`:                      {"form": "table", "values": []any{3.0}},
		`show: align[1] must be left or right`:               {"form": "table", "align": []any{"middle"}},
		`show: checks[1]: state must be one of`:              {"form": "checks", "checks": []any{table{"name": "a", "state": "ok"}}},
		`show: checks[1] has no option "detial"`:             {"form": "checks", "checks": []any{table{"name": "a", "state": "down", "detial": "x"}}},
		`show: series[1]: values is missing`:                 {"form": "sparklines", "series": []any{table{"name": "a"}}},
		`show: series[1].values[2] must be a number`:         {"form": "sparklines", "series": []any{table{"name": "a", "values": []any{1.0, "2"}}}},
		`show: series[1].values[1] must be a number`:         {"form": "sparklines", "series": []any{table{"name": "a", "values": []any{true}}}},
		`show: bars[1].value must be a number`:               {"form": "bars", "bars": []any{table{"name": "a", "value": table{}}}},
		`show: scale must be one of each, common`:            {"form": "sparklines", "scale": "log"},
		`show: bars[1]: the options must be a table written`: {"form": "bars", "bars": []any{json.RawMessage(`{}`)}},
	} {
		_, err := shows(t, redact.New(), what)
		assert.ErrorContains(t, err, want)
	}
}

// A field that is a number is taken for the program's own further on: here is the last place where a secret number can be seen.
func TestNoChartDrawsASecret(t *testing.T) {
	secrets := redact.New()
	secrets.Add("8675309")
	for _, what := range []table{
		{"form": "table", "rows": []any{[]any{8675309.0}}, "values": []any{[]any{8675309.0}}},
		{"form": "checks", "checks": []any{table{"name": "a", "state": "down", "value": 8675309.0}}},
		{"form": "sparklines", "series": []any{table{"name": "a", "values": []any{8675309.0}}}},
		{"form": "bars", "max": 8675309.0, "bars": []any{table{"name": "a", "value": 8675309.0}}},
	} {
		got, err := shows(t, secrets, what)
		require.NoError(t, err)
		assert.NotContains(t, got, "8675309")
	}
}
