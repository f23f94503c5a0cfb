//go:build lab

// Tests against a real Prometheus, of the lab's programs: RUNBOOK_LAB_COMMAND is the lab's own command, which knows where they are.

package metrics

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"golang.org/x/tools/txtar"
	"google.golang.org/protobuf/encoding/protowire"

	"runbook/engine/world/scenario"
)

var record = flag.Bool("record", false, "write down the answers of the real Prometheus")

// prometheus starts a Prometheus of its own, which scrapes nothing and takes samples, and returns where it is.
func prometheus(t *testing.T, rules string) string {
	t.Helper()
	command := os.Getenv("RUNBOOK_LAB_COMMAND")
	require.NotEmpty(t, command, "start this with make test-lab")
	bin, err := exec.CommandContext(t.Context(), command, "build").Output()
	require.NoError(t, err)
	folder := t.TempDir()
	config := "global: {scrape_interval: 1m, evaluation_interval: 1m}\n"
	if rules != "" {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "rules.yaml"), []byte(rules), 0o600))
		config = "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [rules.yaml]\n"
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "prometheus.yaml"), []byte(config), 0o600))
	address := free(t)
	ctx, stop := context.WithCancel(t.Context())
	server := exec.CommandContext(ctx, filepath.Join(strings.TrimSpace(string(bin)), "prometheus"),
		"--config.file="+filepath.Join(folder, "prometheus.yaml"), "--storage.tsdb.path="+filepath.Join(folder, "data"),
		"--storage.tsdb.retention.time=100y", "--web.listen-address="+address, "--web.enable-remote-write-receiver")
	server.Cancel = func() error { return server.Process.Signal(os.Interrupt) }
	var log bytes.Buffer
	server.Stdout, server.Stderr = &log, &log
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		stop()
		_ = server.Wait() // it was interrupted
		if t.Failed() {
			t.Log(log.String())
		}
	})
	base := "http://" + address
	require.Eventually(t, func() bool {
		response, err := http.Get(base + "/-/ready")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK
	}, 30*time.Second, 50*time.Millisecond)
	return base
}

func free(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	return address
}

// fill gives a Prometheus all samples of a world up to a time, in their order, as remote write does.
func fill(t *testing.T, base string, m *Metrics, until time.Time) {
	t.Helper()
	byTime := map[int64][]byte{}
	for _, s := range m.written {
		it := s.iterator(math.MinInt64, until.UnixMilli())
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
			byTime[it.AtT()] = append(byTime[it.AtT()], timeSeries(s.labels, it, kind)...)
		}
	}
	times := make([]int64, 0, len(byTime))
	for at := range byTime {
		times = append(times, at)
	}
	slices.Sort(times)
	for _, at := range times { // one request each: samples of one request are taken in the order of its series
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/api/v1/write", bytes.NewReader(snappy(byTime[at])))
		require.NoError(t, err)
		for name, value := range map[string]string{
			"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf", "X-Prometheus-Remote-Write-Version": "0.1.0",
		} {
			request.Header.Set(name, value)
		}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		text, _ := io.ReadAll(response.Body)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusNoContent, response.StatusCode, string(text))
	}
}

// timeSeries is a field timeseries of prometheus.WriteRequest with one sample.
func timeSeries(named labels.Labels, it chunkenc.Iterator, kind chunkenc.ValueType) []byte {
	var out []byte
	named.Range(func(l labels.Label) {
		out = message(out, 1, text(text(nil, 1, l.Name), 2, l.Value))
	})
	if kind == chunkenc.ValFloat {
		at, number := it.At()
		out = message(out, 2, varint(double(nil, 1, number), 2, at))
	} else {
		at, h := it.AtFloatHistogram(nil)
		out = message(out, 4, varint(histogramOf(h), 15, at))
	}
	return message(nil, 1, out)
}

// histogramOf is a prometheus.Histogram without its time.
func histogramOf(h *histogram.FloatHistogram) []byte {
	out := double(double(nil, 2, h.Count), 3, h.Sum)
	out = varint(out, 4, int64(protowire.EncodeZigZag(int64(h.Schema))))
	out = double(double(out, 5, h.ZeroThreshold), 7, h.ZeroCount)
	out = packed(spans(out, 8, h.NegativeSpans), 10, h.NegativeBuckets)
	return packed(spans(out, 11, h.PositiveSpans), 13, h.PositiveBuckets)
}

func spans(out []byte, field protowire.Number, of []histogram.Span) []byte {
	for _, s := range of {
		out = message(out, field, varint(varint(nil, 1, int64(protowire.EncodeZigZag(int64(s.Offset)))), 2, int64(s.Length)))
	}
	return out
}

func packed(out []byte, field protowire.Number, numbers []float64) []byte {
	var list []byte
	for _, n := range numbers {
		list = protowire.AppendFixed64(list, math.Float64bits(n))
	}
	return message(out, field, list)
}

func message(out []byte, field protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(out, field, protowire.BytesType), content)
}

func text(out []byte, field protowire.Number, content string) []byte {
	return message(out, field, []byte(content))
}

func varint(out []byte, field protowire.Number, n int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(out, field, protowire.VarintType), uint64(n))
}

func double(out []byte, field protowire.Number, n float64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(out, field, protowire.Fixed64Type), math.Float64bits(n))
}

// snappy is a block in Snappy's format in which nothing is compressed: literals of at most 64 KiB.
func snappy(content []byte) []byte {
	out := binary.AppendUvarint(nil, uint64(len(content)))
	for part := range slices.Chunk(content, 1<<16) {
		out = append(out, 61<<2) // a literal, with two bytes for its length less one
		out = binary.LittleEndian.AppendUint16(out, uint16(len(part)-1))
		out = append(out, part...)
	}
	return out
}

func TestLabARealPrometheusAnswersAsTheWorld(t *testing.T) {
	m, clock := world(t, site())
	base := prometheus(t, "")
	fill(t, base, m, clock.at)
	var archive txtar.Archive
	for _, question := range questions {
		t.Run(string(question), func(t *testing.T) {
			answer := noted(question.over(t, base))
			archive.Files = append(archive.Files, txtar.File{Name: string(question), Data: []byte(answer)})
			if !*record {
				require.Equal(t, answers(t)[string(question)], answer, "Prometheus says something else than it did; see -record")
			}
			require.Equal(t, answer, noted(question.of(m)))
		})
	}
	if *record {
		archive.Comment = []byte(fmt.Sprintf("Answers of Prometheus %s.\n", version))
		require.NoError(t, os.WriteFile(answersFile, txtar.Format(&archive), 0o600))
	}
}

// state is what an answer about rules says of them, without times, which differ from one server to the other.
type state struct {
	Data struct {
		Groups []struct{ Rules []stateOfRule }
	}
}

type stateOfRule struct {
	State, Name, Query, Health, LastError, Type string
	Duration, KeepFiringFor                     float64
	Labels, Annotations                         map[string]string
	Alerts                                      []struct {
		Labels, Annotations map[string]string
		State, Value        string
	}
}

func stateOf(t *testing.T, body string) []stateOfRule {
	t.Helper()
	var s state
	require.NoError(t, json.Unmarshal([]byte(body), &s), body)
	require.Len(t, s.Data.Groups, 1, body)
	for _, r := range s.Data.Groups[0].Rules {
		slices.SortFunc(r.Alerts, func(a, b struct {
			Labels, Annotations map[string]string
			State, Value        string
		}) int {
			return strings.Compare(fmt.Sprint(a.Labels), fmt.Sprint(b.Labels))
		})
	}
	return s.Data.Groups[0].Rules
}

// A real Prometheus evaluates rules when it is told of the present, so here the run begins now. What a rule waits for is over at once or
// takes longer than anybody waits for a test.
func TestLabARealPrometheusHasTheAlertsOfTheWorld(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	section := alarmed()
	section.Interval = time.Second
	clock := &hand{now}
	m, err := New(section, now, clock)
	require.NoError(t, err)
	rules := map[string]any{"groups": []any{map[string]any{"name": groupName, "rules": asRuleFile(section.Rules)}}}
	file, err := yaml.Marshal(rules)
	require.NoError(t, err)
	base := prometheus(t, string(file))
	fill(t, base, m, now.Add(5*time.Minute))
	var want []stateOfRule
	require.Eventually(t, func() bool {
		_, body := asked("GET /api/v1/rules").over(t, base)
		want = stateOf(t, body)
		return !slices.ContainsFunc(want, func(r stateOfRule) bool {
			return r.Health == "unknown" || r.Name == "Seen" && r.State != "firing"
		})
	}, 30*time.Second, 100*time.Millisecond)
	clock.at = time.Now()
	_, body := asked("GET /api/v1/rules").of(m)
	require.Equal(t, want, stateOf(t, body))
	for _, name := range []string{"ALERTS", "ALERTS_FOR_STATE"} {
		question := asked(fmt.Sprintf(`GET /api/v1/series?match[]=%s`, name))
		status, want := question.over(t, base)
		_, got := question.of(m)
		require.Equal(t, http.StatusOK, status)
		require.ElementsMatch(t, seriesOf(t, want), seriesOf(t, got))
	}
}

func seriesOf(t *testing.T, body string) []map[string]string {
	t.Helper()
	var out struct{ Data []map[string]string }
	require.NoError(t, json.Unmarshal([]byte(body), &out))
	return out.Data
}

func asRuleFile(rules []scenario.Rule) []any {
	var out []any
	for _, r := range rules {
		out = append(out, map[string]any{
			"alert": r.Alert, "expr": r.Expr, "for": model.Duration(r.For).String(), "keep_firing_for": model.Duration(r.KeepFiringFor).String(),
			"labels": r.Labels, "annotations": r.Annotations,
		})
	}
	return out
}
