package prometheus

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/world/scenario"
)

// known are the series that the table asks about. Each says how what is expected of it was computed by hand.
var known = scenario.Prometheus{Series: []scenario.Series{
	{Series: `up{job="photon",instance="a:9090"}`, Values: "1x120"},
	{Series: `up{job="photon",instance="b:9090"}`, Values: "1x60 0x59"},
	{Series: `up{job="store",instance="s:9090"}`, Values: "1x100 stale"}, // its target went away right now
	{Series: `requests_total{code="200"}`, Values: "0+60x120"},           // one a second
	{Series: `requests_total{code="500"}`, Values: "0x60 6+6x59"},        // a tenth of that for an hour
	{Series: `resets_total`, Values: "0+10x30 0+10x60"},                  // restarted an hour ago
	{Series: `gappy`, Values: "1 _ 2 _x10 3x5 _x3 4"},                    // 1 at -22m, 2 at -20m, 3 from -9m to -4m, 4 now
	{Series: `odd`, Values: "NaN 1 +Inf -Inf 1e-9 2 -0.5 NaN"},           // from -7m to now
	{Series: `ended`, Values: "7x10 _x60"},                               // seen an hour ago
	{Series: `ancient`, Values: "1 _x1500"},                              // seen 25 hours ago
	{Series: `large`, Values: "9007199254740993x10"},                     // beyond what a float64 holds
	{Series: `native{job="photon"}`, Values: "{{schema:0 sum:5 count:4 z_bucket:1 z_bucket_w:0.001 buckets:[1 2]}}x5"},
	{Series: `{"cooling.power","rack row"="3/\"a\""}`, Values: "7x5"},
}}

// A conformanceCase is one call and what comes of it: of the simulated Prometheus, and of a real one with the same samples. Times in
// braces are from the start: {-1h}.
type conformanceCase struct {
	name   string
	call   []any
	want   string
	failed string // what the error says instead
}

const (
	storeLabels = `{"__name__":"up","instance":"s:9090","job":"store"}`
	now         = "1740798000"
)

var conformance = []conformanceCase{
	{"a vector", []any{"query", "up"}, `{"type":"vector","time":1740798000,"warnings":[],"samples":[
		{"labels":{"__name__":"up","instance":"a:9090","job":"photon"},"value":1,"state":"ok","time":1740798000},
		{"labels":{"__name__":"up","instance":"b:9090","job":"photon"},"value":0,"state":"ok","time":1740798000}]}`, ""},
	{"a vector before", []any{"query", `up{job="store"}`, opts("time", "1m")},
		`{"type":"vector","time":1740797940,"warnings":[],"samples":[{"labels":` + storeLabels + `,"value":1,"state":"ok","time":1740797940}]}`, ""},
	{"a vector at a time", []any{"query", `up{job="store"}`, opts("time", 1740797940.0)},
		`{"type":"vector","time":1740797940,"warnings":[],"samples":[{"labels":` + storeLabels + `,"value":1,"state":"ok","time":1740797940}]}`, ""},
	{"a vector at a time in words", []any{"query", `count(up)`, opts("time", "2025-03-01T03:59:00+01:00")},
		`{"type":"vector","time":1740797940,"warnings":[],"samples":[{"labels":{},"value":3,"state":"ok","time":1740797940}]}`, ""},
	{"an empty vector", []any{"query", "up == 7"}, `{"type":"vector","time":` + now + `,"warnings":[],"samples":[]}`, ""},
	{"a scalar", []any{"query", "1 + 1"}, `{"type":"scalar","time":` + now + `,"warnings":[],"value":2,"state":"ok"}`, ""},
	{"a scalar that is none", []any{"query", "0/0"}, `{"type":"scalar","time":` + now + `,"warnings":[],"state":"nan"}`, ""},
	{"a text", []any{"query", `"it's \"me\" & + %41"`}, `{"type":"string","time":` + now + `,"warnings":[],"text":"it's \"me\" & + %41"}`, ""},
	{"a matrix", []any{"query", "odd[10m]"}, `{"type":"matrix","time":` + now + `,"warnings":[],"series":[{"labels":{"__name__":"odd"},
		"points":[{"time":1740797580,"state":"nan"},{"time":1740797640,"value":1,"state":"ok"},{"time":1740797700,"state":"inf"},
			{"time":1740797760,"state":"-inf"},{"time":1740797820,"value":1e-9,"state":"ok"},{"time":1740797880,"value":2,"state":"ok"},
			{"time":1740797940,"value":-0.5,"state":"ok"},{"time":1740798000,"state":"nan"}],
		"values":[null,1,null,null,1e-9,2,-0.5,null],
		"stats":{"count":4,"nan":2,"inf":2,"histograms":0,"missing":0,"first":1,"last":-0.5,"min":-0.5,"max":2,"sum":2.500000001,"mean":0.62500000025,"stddev":0.9601432184}}]}`, ""},
	{"a histogram", []any{"query", "native"}, `{"type":"vector","time":` + now + `,"warnings":[],"samples":[
		{"labels":{"__name__":"native","job":"photon"},"state":"histogram","time":1740798000,"histogram":{"count":4,"sum":5,"buckets":[
			{"lower":-0.001,"upper":0.001,"count":1},{"lower":0.5,"upper":1,"count":1},{"lower":1,"upper":2,"count":2}]}}]}`, ""},
	{"a warning", []any{"query", "quantile(2, count(up))"},
		`{"type":"vector","time":` + now + `,"warnings":["PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)"],"samples":[{"labels":{},"state":"inf","time":` + now + `}]}`, ""},
	{"names that want quotes", []any{"query", `{"cooling.power"}`},
		`{"type":"vector","time":` + now + `,"warnings":[],"samples":[{"labels":{"__name__":"cooling.power","rack row":"3/\"a\""},"value":7,"state":"ok","time":` + now + `}]}`, ""},

	// The handbook's questions, against numbers computed by hand.
	{"an increase", []any{"value", "sum(increase(requests_total[1h]))"}, // 60 a minute and 6 a minute, for sixty minutes
		`{"value":3960,"state":"ok","labels":{},"time":` + now + `,"warnings":[]}`, ""},
	{"an error rate", []any{"value", `sum(rate(requests_total{code="500"}[30m])) / sum(rate(requests_total[30m]))`}, // 6 of 66
		`{"value":0.09090909090909091,"state":"ok","labels":{},"time":` + now + `,"warnings":[]}`, ""},
	{"an increase over a restart", []any{"value", "increase(resets_total[90m])"}, // from 20 to 300 and on to 600, of which 90 of 89 minutes: 880*90/89
		`{"value":889.8876404494382,"state":"ok","labels":{},"time":` + now + `,"warnings":[]}`, ""},
	{"availability", []any{"value", `avg_over_time(up{instance="b:9090"}[2h])`}, // 60 of 120: the first of 121 is two hours old
		`{"value":0.5,"state":"ok","labels":{"instance":"b:9090","job":"photon"},"time":` + now + `,"warnings":[]}`, ""},
	{"a scalar's value", []any{"value", "time()"}, `{"value":1740798000,"state":"ok","time":` + now + `,"warnings":[]}`, ""},
	{"a large number", []any{"value", "large"}, `{"value":9007199254740992,"state":"ok","labels":{"__name__":"large"},"time":` + now + `,"warnings":[]}`, ""},
	{"NaN", []any{"value", "odd"}, `{"state":"nan","reason":"the expression gives NaN: it divides nothing by nothing, or a sample itself is NaN","labels":{"__name__":"odd"},"time":` + now + `,"warnings":[]}`, ""},
	{"an infinity", []any{"value", "odd", opts("time", "5m")}, `{"state":"inf","reason":"the expression gives +Inf: it divides by nothing, or a sample itself is infinite","labels":{"__name__":"odd"},"time":1740797700,"warnings":[]}`, ""},
	{"the other infinity", []any{"value", "-1/0"}, `{"state":"-inf","reason":"the expression gives -Inf: it divides by nothing, or a sample itself is infinite","time":` + now + `,"warnings":[]}`, ""},

	// Nothing, told apart.
	{"a target that went away", []any{"value", `up{job="store"}`}, `{"state":"stale","last_seen":1740797940,
		"reason":"up{job=\"store\"} has no samples now; it was last seen 1m0s before, at 2025-03-01T02:59:00Z","time":` + now + `,"warnings":[]}`, ""},
	{"a series that ended", []any{"value", "sum(rate(ended[5m]))"}, `{"state":"stale","last_seen":1740794400,
		"reason":"ended[5m] has no samples now; it was last seen 1h0m0s before, at 2025-03-01T02:00:00Z","time":` + now + `,"warnings":[]}`, ""},
	{"one side that ended", []any{"value", "sum(ended) / sum(up)"}, `{"state":"stale","last_seen":1740794400,
		"reason":"ended has no samples now; it was last seen 1h0m0s before, at 2025-03-01T02:00:00Z","time":` + now + `,"warnings":[]}`, ""},
	{"a series in a gap", []any{"value", "gappy", opts("time", "12m")}, `{"state":"stale","last_seen":1740796800,
		"reason":"gappy has no samples now; it was last seen 8m0s before, at 2025-03-01T02:40:00Z","time":1740797280,"warnings":[]}`, ""},
	{"an offset", []any{"value", "ended offset 30m"}, `{"state":"stale","last_seen":1740794400,
		"reason":"ended offset 30m has no samples now; it was last seen 1h0m0s before, at 2025-03-01T02:00:00Z","time":` + now + `,"warnings":[]}`, ""},
	{"longer than a day ago", []any{"value", "ancient"}, `{"state":"no_data","reason":"no series fits ancient, now or within the last day","time":` + now + `,"warnings":[]}`, ""},
	{"no such series", []any{"value", "sum(up) / sum(nothing)"}, `{"state":"no_data","reason":"no series fits nothing, now or within the last day","time":` + now + `,"warnings":[]}`, ""},
	{"no such label", []any{"value", `sum(rate(requests_total{code="503"}[5m]))`}, `{"state":"no_data",
		"reason":"no series fits requests_total{code=\"503\"}, now or within the last day; there are 2 of requests_total with other labels","time":` + now + `,"warnings":[]}`, ""},
	{"nothing of what is there", []any{"value", "sum(up) > 7"}, `{"state":"no_data","reason":"` + keepsNone + `","time":` + now + `,"warnings":[]}`, ""},
	{"too few samples", []any{"value", `rate(requests_total{code="200"}[1m])`}, `{"state":"no_data",
		"reason":"no series has more than one sample in requests_total{code=\"200\"}[1m], and rate needs two: it begins or ends there, or is scraped too seldom for that range","time":` + now + `,"warnings":[]}`, ""},
	{"too few samples at the other end", []any{"value", `sum(increase(ended[2h] offset 70m))`}, `{"state":"no_data",
		"reason":"no series has more than one sample in ended[2h] offset 1h10m, and increase needs two: it begins or ends there, or is scraped too seldom for that range","time":` + now + `,"warnings":[]}`, ""},
	{"one side of too few samples", []any{"value", `rate(requests_total{code="200"}[1m]) / nothing`}, `{"state":"no_data","reason":"no series fits nothing, now or within the last day","time":` + now + `,"warnings":[]}`, ""},
	{"an offset to before everything", []any{"value", "sum(up offset 7d)"}, `{"state":"no_data","reason":"no series fits up offset 1w, then or within the day before","time":` + now + `,"warnings":[]}`, ""},
	{"another time", []any{"value", "ended @ 1740796200"}, `{"state":"stale","last_seen":1740794400,
		"reason":"ended @ 1740796200.000 has no samples now; it was last seen 1h0m0s before, at 2025-03-01T02:00:00Z","time":` + now + `,"warnings":[]}`, ""},
	{"a subquery that is moved", []any{"value", "max_over_time(rate(requests_total[5m])[1h:1m] offset 20d)"}, `{"state":"no_data",
		"reason":"no series fits requests_total in rate(requests_total[5m])[1h:1m] offset 20d, then or within the day before","time":` + now + `,"warnings":[]}`, ""},
	{"a subquery after the end", []any{"value", "max_over_time(sum(ended)[30m:1m])"}, `{"state":"stale","last_seen":1740794400,
		"reason":"ended in sum(ended)[30m:1m] has no samples now; it was last seen 1h0m0s before, at 2025-03-01T02:00:00Z","time":` + now + `,"warnings":[]}`, ""},
	{"a subquery that keeps nothing", []any{"value", "max_over_time((sum(up) > 7)[5m:1m] offset 1m)"}, `{"state":"no_data","reason":"` + keepsNone + `","time":` + now + `,"warnings":[]}`, ""},
	{"nothing of nothing", []any{"value", "vector(1) > 1"}, `{"state":"no_data","reason":"the expression gives nothing, and asks for no series","time":` + now + `,"warnings":[]}`, ""},
	{"more than one number", []any{"value", "up"}, "", "up gives 2 series, and one number is wanted"},
	{"a histogram for a number", []any{"value", "native"}, "", "native gives a native histogram, and one number is wanted"},

	{"many numbers", []any{"values", map[string]any{"up": "sum(up)", "none": "nothing", "many": "up", "odd": "odd"}}, `{
		"up":{"value":1,"state":"ok","labels":{},"time":` + now + `,"warnings":[]},
		"none":{"state":"no_data","reason":"no series fits nothing, now or within the last day","time":` + now + `,"warnings":[]},
		"many":{"type":"error","state":"error","code":"invalid","reason":"up gives 2 series, and one number is wanted","time":` + now + `},
		"odd":{"state":"nan","reason":"the expression gives NaN: it divides nothing by nothing, or a sample itself is NaN","labels":{"__name__":"odd"},"time":` + now + `,"warnings":[]}}`, ""},
	{"many results", []any{"query_all", map[string]any{"n": "1", "e": `label_replace(up, "x", "y", "instance", "(")`}}, `{
		"n":{"type":"scalar","time":` + now + `,"warnings":[],"value":1,"state":"ok"},
		"e":{"type":"error","state":"error","code":"rejected","time":` + now + `,"reason":"cannot query label_replace(up, \"x\", \"y\", \"instance\", \"(\"): invalid regular expression in label_replace(): ("}}`, ""},
	{"no numbers", []any{"values", map[string]any{}}, `{}`, ""},
	{"execution fails", []any{"query", `label_replace(up, "x", "y", "instance", "(")`}, "", `cannot query label_replace(up, "x", "y", "instance", "("): invalid regular expression`},

	// On a grid: gaps are no zeros, and what is no number is in no statistic. A sample is found for less than five minutes.
	{"a range with gaps", []any{"query_range", "gappy", opts("from", "25m", "step", "1m")}, `{"from":1740796500,"to":1740798000,"step":60,"warnings":[],"series":[
		{"labels":{"__name__":"gappy"},"points":` + gappyPoints + `,
		"values":[null,null,null,1,1,2,2,2,2,2,null,null,null,null,null,null,3,3,3,3,3,3,3,3,3,4],
		"stats":{"count":17,"nan":0,"inf":0,"histograms":0,"missing":9,"first":1,"last":4,"min":1,"max":4,"sum":43,"mean":2.5294117647058822,"stddev":0.7759356446042893}}]}`, ""},
	{"a range of what is no number", []any{"query_range", "odd", opts("from", "3m", "step", "1m30s")}, `{"from":1740797820,"to":1740798000,"step":90,"warnings":[],"series":[
		{"labels":{"__name__":"odd"},"points":[{"time":1740797820,"value":1e-9,"state":"ok"},{"time":1740797910,"value":2,"state":"ok"},{"time":1740798000,"state":"nan"}],
		"values":[1e-9,2,null],"stats":{"count":2,"nan":1,"inf":0,"histograms":0,"missing":0,"first":1e-9,"last":2,"min":1e-9,"max":2,"sum":2.000000001,"mean":1.0000000005,"stddev":0.9999999995}}]}`, ""},
	{"a range up to a stale marker", []any{"query_range", `up{job="store"}`, opts("from", "2m", "step", "1m")}, `{"from":1740797880,"to":1740798000,"step":60,"warnings":[],"series":[
		{"labels":` + storeLabels + `,"points":[{"time":1740797880,"value":1,"state":"ok"},{"time":1740797940,"value":1,"state":"ok"},{"time":1740798000,"state":"missing"}],
		"values":[1,1,null],"stats":{"count":2,"nan":0,"inf":0,"histograms":0,"missing":1,"first":1,"last":1,"min":1,"max":1,"sum":2,"mean":1,"stddev":0}}]}`, ""},
	{"a range of a scalar", []any{"query_range", "1", opts("from", "2m", "to", "1m", "step", 60.0)}, `{"from":1740797880,"to":1740797940,"step":60,"warnings":[],"series":[
		{"labels":{},"points":[{"time":1740797880,"value":1,"state":"ok"},{"time":1740797940,"value":1,"state":"ok"}],
		"values":[1,1],"stats":{"count":2,"nan":0,"inf":0,"histograms":0,"missing":0,"first":1,"last":1,"min":1,"max":1,"sum":2,"mean":1,"stddev":0}}]}`, ""},
	{"a range of histograms", []any{"query_range", "histogram_count(native) or native", opts("from", "0s", "step", "1m")}, `{"from":` + now + `,"to":` + now + `,"step":60,"warnings":[],"series":[
		{"labels":{"job":"photon"},"points":[{"time":` + now + `,"value":4,"state":"ok"}],"values":[4],
		"stats":{"count":1,"nan":0,"inf":0,"histograms":0,"missing":0,"first":4,"last":4,"min":4,"max":4,"sum":4,"mean":4,"stddev":0}}]}`, ""},
	{"a range of nothing", []any{"query_range", "nothing", opts("from", "1m", "step", "1m")}, `{"from":1740797940,"to":` + now + `,"step":60,"warnings":[],"series":[]}`, ""},

	{"labels", []any{"labels", opts("match", "up")}, `["__name__","instance","job"]`, ""},
	{"labels of one of two", []any{"labels", opts("match", []any{"up", "requests_total"})}, `["__name__","code","instance","job"]`, ""},
	{"values of a label", []any{"label_values", "instance", opts("match", `up{job="photon"}`)}, `["a:9090","b:9090"]`, ""},
	{"values of a label that wants quotes", []any{"label_values", "rack row"}, `["3/\"a\""]`, ""},
	{"values of no label", []any{"label_values", "nothing"}, `[]`, ""},
	{"some values", []any{"label_values", "instance", opts("limit", 1.0)}, `["a:9090"]`, ""},
	{"series", []any{"series", `up{job="photon"}`}, `[{"__name__":"up","instance":"a:9090","job":"photon"},{"__name__":"up","instance":"b:9090","job":"photon"}]`, ""},
	{"no series", []any{"series", "nothing"}, `[]`, ""},
}

const keepsNone = "all series that it asks for are there, and it keeps none of them: a comparison holds for none, labels of both sides do not match, or a function has too few samples"

// gappyPoints are written out by gappy's values.
var gappyPoints = func() string {
	var out []string
	values := "---112222 2------333333 3334"
	for i, c := range strings.ReplaceAll(values, " ", "") {
		at := 1740796500 + 60*i
		if c == '-' {
			out = append(out, `{"time":`+itoa(at)+`,"state":"missing"}`)
		} else {
			out = append(out, `{"time":`+itoa(at)+`,"value":`+string(c)+`,"state":"ok"}`)
		}
	}
	return "[" + strings.Join(out, ",") + "]"
}()

// runConformance holds the server at an address to the table.
func runConformance(t *testing.T, address string) {
	for _, c := range conformance {
		t.Run(c.name, func(t *testing.T) {
			d := drive(t, address, walled)
			if c.failed != "" {
				require.ErrorContains(t, d.fails(c.call[0].(string), c.call[1:]...), c.failed)
				return
			}
			near(t, c.want, d.read(c.call[0].(string), c.call[1:]...))
		})
	}
}

// walled puts the second wall of a dry run under a module: all that it asks is on its own list of reads.
func walled(cfg *Config) { cfg.WrapTransport = wallOf(cfg.Access) }

func TestWorldConformance(t *testing.T) { runConformance(t, simulated(t, &known)) }

func TestTheTableKnowsWhatItComputes(t *testing.T) {
	require.InDelta(t, 0.7759356446042893, math.Sqrt(119.0/17-43.0/17*43.0/17), 1e-12)
	require.Equal(t, 26, strings.Count(gappyPoints, "time"))
}
