package kubernetes

import (
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"runbook/engine/action"
)

const podsPath = "/api/v1/namespaces/shop/pods"

func asError(t *testing.T, err error) *action.Error {
	t.Helper()
	var e *action.Error
	require.ErrorAs(t, err, &e)
	return e
}

func TestAnswersBecomeErrors(t *testing.T) {
	for _, c := range []struct {
		status    int
		reason    string
		code      action.Code
		retryable bool
		hint      string
	}{
		{401, "Unauthorized", action.CodeUnauth, false, "the cluster does not know you: kubectl auth whoami; kubectl config get-contexts"},
		{403, "Forbidden", action.CodeForbidden, false, "ask whether you may: kubectl auth can-i list pods -n shop"},
		{409, "Conflict", action.CodeConflict, false, ""},
		{409, "AlreadyExists", action.CodeExists, false, ""},
		{422, "Invalid", action.CodeRejected, false, ""},
		{400, "BadRequest", action.CodeRejected, false, ""},
		{429, "TooManyRequests", action.CodeThrottled, true, "the server asks to slow down; try again in a moment"},
		{500, "InternalError", action.CodeUnavailable, true, ""},
		{503, "ServiceUnavailable", action.CodeUnavailable, true, ""},
		{504, "Timeout", action.CodeUnavailable, true, ""},
	} {
		d, s := stubbed(t, map[string]http.HandlerFunc{"GET " + podsPath: failure(c.status, c.reason, "so it is")})
		_, err := d.tryRead("list", "pods")
		e := asError(t, err)
		require.Equal(t, c.code, e.Code, c.reason)
		require.Equal(t, c.retryable, e.Retryable, c.reason)
		require.Equal(t, "cannot list pods in shop: so it is", e.Message)
		require.Equal(t, c.hint, e.Hint)
		require.Equal(t, action.Target{System: "kubernetes", Kind: "pods", Scope: "shop"}, e.Target)
		require.Len(t, s.requests("GET"), 1, "only the gate tries again")
	}
}

// A proxy's page is no Status object; its first line is the message.
func TestAProxysAnswerIsQuoted(t *testing.T) {
	d, _ := stubbed(t, map[string]http.HandlerFunc{"GET " + podsPath: answerJSON(502, "upstream is down\n<html>")})
	_, err := d.tryRead("list", "pods")
	require.EqualError(t, err, "cannot list pods in shop: upstream is down")
}

// After a write it matters whether anybody can know what happened.
func TestWritesThatMayHaveHappened(t *testing.T) {
	hangUp := func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = connection.Close()
		}
	}
	for name, c := range map[string]struct {
		answer    http.HandlerFunc
		code      action.Code
		retryable bool
	}{
		"cut off":         {hangUp, action.CodeUncertain, false},
		"gateway timeout": {failure(504, "Timeout", "slow"), action.CodeUncertain, false},
		"bad gateway":     {answerJSON(502, "?"), action.CodeUncertain, false},
		"proxy away":      {answerJSON(503, "no healthy upstream"), action.CodeUncertain, false},
		"server away":     {failure(503, "ServiceUnavailable", "shutting down"), action.CodeUnavailable, true},
		"throttled":       {failure(429, "TooManyRequests", "slow down"), action.CodeThrottled, true},
		"internal":        {failure(500, "InternalError", "etcdserver: request timed out"), action.CodeUncertain, false},
		"no answer":       {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, action.CodeTimeout, false},
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := stubbed(t, map[string]http.HandlerFunc{"POST " + podsPath: c.answer})
			a := d.act("create", map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "p"}})
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			_, err := a.Apply(ctx, action.Prediction{})
			e := asError(t, err)
			require.Equal(t, c.code, e.Code, e.Message)
			require.Equal(t, c.retryable, e.Retryable)
		})
	}
}

func TestAClusterThatDoesNotAnswer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	d := driver{t, New(configFor(t, "http://"+address)), &fakeView{}}
	_, err = d.tryRead("list", "pods")
	e := asError(t, err)
	require.Equal(t, action.CodeUnavailable, e.Code)
	require.True(t, e.Retryable)
	require.Contains(t, e.Message, "cannot list pods in shop: the cluster does not answer: "+address)
	require.Contains(t, e.Hint, "kubectl config get-contexts")

	_, err = d.act("delete", "pod/x").Apply(t.Context(), action.Prediction{Evidence: action.Evidence{UID: "u"}})
	require.Equal(t, action.CodeUnavailable, asError(t, err).Code, "what was never sent cannot have happened")
}

// Without a kubeconfig client-go guesses an address; who sees it in an error has to know that nobody chose it.
func TestNoKubeconfig(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	cfg := configFor(t, "")
	cfg.Access = genericclioptions.NewConfigFlags(false)
	cfg.WrapTransport = func(http.RoundTripper) http.RoundTripper { return deaf{} }
	_, err := driver{t, New(cfg), &fakeView{}}.tryRead("list", "pods", opts("namespace", "shop"))
	e := asError(t, err)
	require.Equal(t, action.CodeUnavailable, e.Code)
	require.Contains(t, e.Hint, "set KUBECONFIG")

	chosen := "127.0.0.1:1"
	flags := genericclioptions.NewConfigFlags(false)
	flags.APIServer = &chosen
	cfg.Access = flags
	_, err = driver{t, New(cfg), &fakeView{}}.tryRead("list", "pods", opts("namespace", "shop"))
	require.NotContains(t, asError(t, err).Hint, "KUBECONFIG", "the address was chosen")
}

// deaf is a network where nobody answers.
type deaf struct{}

func (deaf) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
}

// A refusal of the transport, such as a dry run's wall, is not dressed up as anything else.
func TestTheTransportsOwnErrors(t *testing.T) {
	cfg := configFor(t, "http://127.0.0.1:1")
	cfg.WrapTransport = func(http.RoundTripper) http.RoundTripper { return refusing{} }
	d := driver{t, New(cfg), &fakeView{}}
	_, err := d.tryRead("list", "pods")
	require.Equal(t, action.CodeRefused, asError(t, err).Code)
	_, err = d.tryRead("list", "widgets.example.com")
	require.Equal(t, action.CodeRefused, asError(t, err).Code, "discovery goes through it as well")
}

type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, action.Errorf(action.CodeRefused, "not in a dry run")
}

func TestBadKubeconfig(t *testing.T) {
	cfg := configFor(t, "")
	nowhere := filepath.Join(t.TempDir(), "none")
	cfg.Access.(*genericclioptions.ConfigFlags).KubeConfig = &nowhere
	m := New(cfg)
	f := m.Func("list")
	args, err := f.Bind(m, []any{"pods", opts("namespace", "shop")})
	require.NoError(t, err)
	read, err := f.Read(args)
	require.NoError(t, err, "nothing is read while an operation with a namespace is built")
	_, err = read.Read(t.Context(), &fakeView{})
	e := asError(t, err)
	require.Equal(t, action.CodeInvalid, e.Code)
	require.Contains(t, e.Message, "cannot use the kubeconfig: ")
	require.Contains(t, e.Hint, "kubectl config get-contexts")
}
