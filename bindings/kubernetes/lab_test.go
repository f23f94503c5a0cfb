//go:build lab

// Tests against a real API server: RUNBOOK_LAB names the folder of a running lab (examples/lab).

package kubernetes

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"runbook/bindings/kubernetes/printers"
	"runbook/engine/action"
	"runbook/engine/command"
)

// TestLabConformance holds the real API server to the table. Its audit log is the proof that what was walled changed nothing.
func TestLabConformance(t *testing.T) {
	folder := labFolder(t)
	t.Run("table", func(t *testing.T) { runConformance(t, func(t *testing.T) *site { return labSite(t, folder) }) })
	t.Run("audit", func(t *testing.T) { auditShowsNoChange(t, folder) })
}

func labSite(t *testing.T, folder string) *site {
	s := &site{
		T: t, kubeconfig: filepath.Join(folder, "kubeconfig"), now: time.Now, pass: time.Sleep, record: os.Getenv("RUNBOOK_RECORD") != "",
		races: 2,
	}
	s.forget = func() { compacted(s) }
	return s
}

// compacted waits until the server has dropped its beginnings: from its database, which the lab's does every minute with what was a minute
// ago, and from what it keeps for watches, which it only does when newer changes need the room and the older ones are 75 seconds old.
func compacted(s *site) {
	until := time.Now().Add(12 * time.Minute)
	first := call{method: "GET", path: "/api/v1/namespaces?resourceVersion=1&resourceVersionMatch=Exact"}
	for s.ask(s.Context(), "admin", first).code != http.StatusGone {
		require.True(s, time.Now().Before(until), "the server still has its beginnings")
		s.pass(time.Second)
	}
	watch := call{method: "GET", path: s.in("configmaps") + "?watch=1&resourceVersion=1&timeoutSeconds=1"}
	for n := 0; !strings.Contains(string(s.ask(s.Context(), "admin", watch).body), `"ERROR"`); n++ {
		require.True(s, time.Now().Before(until), "the server still has its beginnings for watches")
		for i := range 100 {
			s.configMap("churn", fmt.Sprint(n, i), object{})
		}
	}
}

// row shows what kubectl shows.
func TestLabRowIsWhatKubectlPrints(t *testing.T) {
	d := labSite(t, labFolder(t)).driver("admin", true)
	for kind, columns := range map[string]string{
		"pods":        "name ready status restarts age ip node",
		"deployments": "name ready up_to_date available",
		"replicasets": "name desired current ready",
		"nodes":       "name status roles age version",
		"namespaces":  "name status age",
	} {
		t.Run(kind, func(t *testing.T) {
			printed := kubectl(t, "get", kind, "-n", "photon-mlir", "--no-headers", "-o", "wide")
			items := d.list(kind, opts("namespace", "photon-mlir"))
			require.Len(t, printed, len(items))
			for i, raw := range items {
				o, err := glance(raw)
				require.NoError(t, err)
				cells, fields := printers.Row(o, time.Now()), strings.Fields(timeless(printed[i]))
				for j, column := range strings.Fields(columns) {
					if column != "age" {
						require.Equal(t, fields[j], timeless(cells[column].(string)), "%s of %s", column, cells["name"])
					}
				}
			}
		})
	}
}

// timeless hides how long ago a restart was: a second may have passed between two looks.
func timeless(s string) string { return restartAge.ReplaceAllString(s, "(ago)") }

var restartAge = regexp.MustCompile(` \(\S+ ago\)`)

func TestLabLogsAreWhatKubectlPrints(t *testing.T) {
	d := labSite(t, labFolder(t)).driver("admin", true)
	pod := d.list("pods", opts("selector", "app=photon-compiler"))[0]
	_, name := identity(pod)
	require.Equal(t, kubectl(t, "logs", name, "--tail=5"), d.read("logs", pod, opts("tail", float64(5))))
}

func kubectl(t *testing.T, args ...string) []string {
	command := exec.CommandContext(t.Context(), "kubectl", args...)
	command.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(os.Getenv("RUNBOOK_LAB"), "kubeconfig"))
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
	return lines(string(out))
}

// A real command takes real time, and is waited for no longer than it may take.
func TestLabExecTakesTooLong(t *testing.T) {
	d := labSite(t, labFolder(t)).driver("admin", false)
	pod := d.list("pods", opts("selector", "app=photon-compiler"))[0]
	slow := d.act("exec", pod, []any{"sleep", "20"}, opts("timeout", "1s"))
	_, err := slow.Apply(t.Context(), action.Prediction{})
	require.Equal(t, action.CodeTimeout, action.CodeOf(err), "%v", err)
}

// A hung command of a pod ends with its children when its time is up: the pod's own runtime would let it go on.
func TestLabHungCommandOfAHost(t *testing.T) {
	m := NewMachine(labSite(t, labFolder(t)).moduleConfig("admin", false), PodHost{Name: "toolbox", Pod: "deployment/photon-compiler"})
	path := filepath.Join(t.TempDir(), "witness") // the pods of the lab run their commands on this machine
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	for name, input := range map[string]io.Reader{"without input": nil, "with input": blocked{t.Context()}} {
		ctx, cut := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := m.Run(ctx, []string{"sh", "-c", `trap "" TERM; (sleep 1000 > "$0" & wait) & wait`, path}, command.Streams{Stdin: input})
			ended <- err
		}()
		held, err := os.Open(path)
		require.NoError(t, err)
		cut()
		require.Equal(t, &command.Cut{Cause: context.Canceled}, <-ended, name)
		_, err = io.ReadAll(held)
		require.NoError(t, err)
		require.NoError(t, held.Close())
	}
}

// blocked is an input that does not come.
type blocked struct{ until context.Context }

func (b blocked) Read([]byte) (int, error) { <-b.until.Done(); return 0, io.EOF }

func auditShowsNoChange(t *testing.T, folder string) {
	log, err := os.ReadFile(filepath.Join(folder, "audit.log"))
	require.NoError(t, err)
	seen := 0
	for _, line := range lines(string(log)) {
		e := gjson.Parse(line)
		if !strings.HasPrefix(e.Get("userAgent").String(), "runbook/lab TestLabConformance/table/flow/dry") {
			continue
		}
		seen++
		verb, uri := e.Get("verb").String(), e.Get("requestURI").String()
		switch verb {
		case "get", "list", "watch":
		case "delete":
			require.Equal(t, `["All"]`, e.Get("requestObject.dryRun").Raw, line)
		default:
			require.True(t, strings.Contains(uri, "dryRun=All") || strings.Contains(uri, "selfsubject"), "%s %s", verb, uri)
		}
	}
	require.Positive(t, seen)
}
