package fault

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/world/scenario"
)

// slept notes how long was slept.
type slept struct{ total time.Duration }

func (s *slept) Sleep(_ context.Context, d time.Duration) error {
	s.total += d
	return nil
}

// A shop is a system that counts what it was asked. A request's path is its call: /VERB/RESOURCE/NAME.
type shop struct{ done []string }

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.done = append(s.done, r.URL.Path)
	_, _ = io.WriteString(w, "a good answer")
}

func describe(r *http.Request) Call {
	parts := strings.SplitN(strings.TrimPrefix(r.URL.Path, "/"), ":", 3)
	return Call{Verb: parts[0], Resource: parts[1], Name: parts[2], Dry: r.URL.RawQuery != "", Namespace: "here"}
}

func refuse(w http.ResponseWriter, _ *http.Request, code int, message string, retryAfter time.Duration) {
	http.Error(w, fmt.Sprintf("%d %q %s", code, message, retryAfter), code)
}

type harness struct {
	t      *testing.T
	server *httptest.Server
	faults *Faults
	shop   *shop
	slept  *slept
}

func open(t *testing.T, list ...scenario.Fault) harness {
	h := harness{t: t, shop: &shop{}, slept: &slept{}}
	h.faults = New(list, h.slept)
	h.server = httptest.NewUnstartedServer(h.faults.Before(System{"kubernetes", h.shop, describe, refuse}))
	h.server.Config.ErrorLog = log.New(io.Discard, "", 0) // connections that are cut are what this is for
	h.server.Start()
	t.Cleanup(h.server.Close)
	return h
}

// ask returns what came of a call: its answer, or "broken" and why.
func (h harness) ask(call string) string {
	h.t.Helper()
	response, err := http.Get(h.server.URL + "/" + call)
	if err != nil {
		return "broken" + err.Error()[strings.LastIndex(err.Error(), ":"):]
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "broken after " + string(body)
	}
	return strings.TrimSpace(string(body))
}

const good = "a good answer"

func TestWhichCallsMeetAFault(t *testing.T) {
	for name, c := range map[string]struct {
		fault scenario.Fault
		meets []string
		goes  []string
	}{
		"verb and resource": {scenario.Fault{On: "delete pods"}, []string{"delete:pods:a"}, []string{"get:pods:a", "delete:nodes:a"}},
		"any verb":          {scenario.Fault{On: "* pods"}, []string{"list:pods:"}, []string{"list:nodes:"}},
		"any resource":      {scenario.Fault{On: "list *"}, []string{"list:deployments.apps:"}, []string{"get:pods:a"}},
		"without its group": {scenario.Fault{On: "get deployments"}, []string{"get:deployments.apps:a"}, []string{"get:deployments.apps/scale:a"}},
		"subresource":       {scenario.Fault{On: "patch deployments/scale"}, []string{"patch:deployments.apps/scale:a"}, []string{"patch:deployments.apps:a"}},
		"with its group":    {scenario.Fault{On: "get deployments.apps/scale"}, []string{"get:deployments.apps/scale:a"}, []string{"get:deployments.apps:a"}},
		"a system":          {scenario.Fault{On: "kubernetes"}, []string{"get:pods:a"}, nil},
		"another system":    {scenario.Fault{On: "prometheus"}, nil, []string{"get:pods:a"}},
		"a name":            {scenario.Fault{On: "* *", Name: "web-*"}, []string{"get:pods:web-1"}, []string{"get:pods:db-1", "list:pods:"}},
		"a namespace":       {scenario.Fault{On: "* *", Namespace: "there"}, nil, []string{"get:pods:a"}},
		"only what is real": {scenario.Fault{On: "delete pods", Real: true}, []string{"delete:pods:a"}, []string{"delete:pods:a?dry"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.fault.Answer, c.fault.Times = "500", -1
			h := open(t, c.fault)
			for _, call := range c.meets {
				require.Equal(t, `500 "" 0s`, h.ask(call), call)
			}
			for _, call := range c.goes {
				require.Equal(t, good, h.ask(call), call)
			}
		})
	}
}

func TestFaultsAreCounted(t *testing.T) {
	h := open(t, scenario.Fault{On: "get pods", Answer: "503", Skip: 1, Times: 2}, scenario.Fault{On: "get pods", Answer: "500", Name: "b"})
	bad := `503 "" 0s`
	require.Equal(t, []string{good, bad, bad, good}, []string{h.ask("get:pods:a"), h.ask("get:pods:a"), h.ask("get:pods:a"), h.ask("get:pods:a")})
	require.Equal(t, `500 "" 0s`, h.ask("get:pods:b"), "the next fault that fits")
	require.Equal(t, []string{good, bad}, []string{h.ask("get:pods:a?dry"), h.ask("get:pods:a?dry")}, "what only asks is counted on its own")
	h.faults.Add(scenario.Fault{On: "get pods", Answer: "404"})
	require.Equal(t, []string{`404 "" 0s`, good}, []string{h.ask("get:pods:a"), h.ask("get:pods:a")})
}

func TestHalfAnEndlessAnswerIsNone(t *testing.T) {
	h := open(t, scenario.Fault{On: "watch pods", Answer: "half"})
	require.Equal(t, "broken: unexpected EOF", h.ask("watch:pods:"))
	require.Empty(t, h.shop.done)
}

func TestHowAnAnswerGoesWrong(t *testing.T) {
	for name, c := range map[string]struct {
		fault scenario.Fault
		want  string
		done  int
		took  time.Duration
	}{
		"refused":           {scenario.Fault{Answer: "429", Message: "slowly", RetryAfter: 5 * time.Second}, `429 "slowly" 5s`, 0, 0},
		"refused when done": {scenario.Fault{Answer: "500", Done: true}, `500 "" 0s`, 1, 0},
		"timeout":           {scenario.Fault{Answer: "timeout"}, `504 "" 0s`, 0, time.Minute},
		"timeout when done": {scenario.Fault{Answer: "timeout", Done: true}, `504 "" 0s`, 1, time.Minute},
		"cut":               {scenario.Fault{Answer: "cut"}, "broken: unexpected EOF", 0, 0},
		"cut when done":     {scenario.Fault{Answer: "cut", Done: true}, "broken: unexpected EOF", 1, 0},
		"half":              {scenario.Fault{Answer: "half"}, "broken after a good", 1, 0},
		"slow":              {scenario.Fault{Answer: "slow", Takes: 7 * time.Second}, good, 1, 7 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			c.fault.On = "kubernetes"
			h := open(t, c.fault)
			require.Equal(t, c.want, h.ask("get:pods:a"))
			require.Len(t, h.shop.done, c.done)
			require.Equal(t, c.took, h.slept.total)
			require.Equal(t, good, h.ask("get:pods:a"), "once is enough")
		})
	}
}

// A waiter sleeps until whoever waits for the answer is gone.
type waiter chan struct{}

func (w waiter) Sleep(ctx context.Context, _ time.Duration) error {
	<-ctx.Done()
	close(w)
	return context.Cause(ctx)
}

// A client that gives up is noticed also where it sent something that nobody has read yet.
func TestWhoGivesUpEndsTheWait(t *testing.T) {
	over := make(waiter)
	faults := New([]scenario.Fault{{On: "kubernetes", Answer: scenario.Timeout}}, over)
	server := httptest.NewServer(faults.Before(System{"kubernetes", &shop{}, describe, refuse}))
	t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/create:pods:a", strings.NewReader("{}"))
	require.NoError(t, err)
	_, err = http.DefaultClient.Do(r) //nolint:bodyclose // there is no answer
	require.Error(t, err)
	select {
	case <-over:
	case <-time.After(10 * time.Second):
		require.Fail(t, "the server waits on for nobody")
	}
}
