package kubernetes

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"
	"k8s.io/klog/v2"
	"k8s.io/streaming/pkg/httpstream"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/module"
)

// run executes the command and returns what it printed. changes says whether it may have changed something.
func (c execution) run(ctx context.Context, pod object, changes bool) (any, error) {
	link, err := c.b.link()
	if err != nil {
		return nil, err
	}
	r := c.of.request(http.MethodGet, "create exec", "run "+command.Line(c.argv)+" in")
	r.path, r.mutates = c.of.path("exec"), changes
	r.query = url.Values{
		"command": c.argv, "container": {cmp.Or(c.args.String("container"), defaultContainer(pod))},
		"stdout": {"true"}, "stderr": {"true"},
	}
	connection, err := link.duplex(r)
	if err != nil {
		return nil, action.Errorf(action.CodeInternal, "cannot %s: %w", r.purpose, err).On(r.target)
	}
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = module.OutsideOf(ctx).WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	ctx = klog.NewContext(ctx, klog.Logger{}) // what went wrong is returned; the library would also print it
	out := command.NewOutput(command.DefaultLimit)
	streams := out.Streams()
	err = connection.stream(ctx, remotecommand.StreamOptions{Stdout: streams.Stdout, Stderr: streams.Stderr})
	if err != nil {
		return nil, c.failure(ctx, r, link, out.Complaint(c.b.Secrets.String), err)
	}
	return out.Result(0, c.b.Secrets.String).Value(), nil
}

// A duplex runs a command over websocket or, where that is not let through, over the older SPDY, as kubectl does: some proxies know
// only SPDY, and many roles allow only its POST. Both go through the transport that Config.WrapTransport wrapped. It tries the
// second only if the command cannot have started, or changes nothing.
type duplex struct {
	websocket, spdy remotecommand.Executor
	answer          *witness // of SPDY
	changes         bool
}

func (l *link) duplex(r request) (*duplex, error) {
	address := *l.base
	address.Path, _ = url.JoinPath(address.Path, r.path)
	address.RawQuery = r.query.Encode()
	config := rest.CopyConfig(l.config)
	websocket, err := remotecommand.NewWebSocketExecutor(config, http.MethodGet, address.String())
	if err != nil {
		return nil, err
	}
	answer := &witness{}
	config.Wrap(answer.over)
	spdy, err := remotecommand.NewSPDYExecutor(config, http.MethodPost, &address)
	return &duplex{websocket, spdy, answer, r.mutates}, err
}

func (d *duplex) stream(ctx context.Context, options remotecommand.StreamOptions) error {
	err := d.websocket.StreamWithContext(ctx, options)
	var refusal *httpstream.UpgradeFailureError
	if !errors.As(err, &refusal) {
		return err
	}
	refused := handshake(refusal.Cause)
	if !d.mayTryAgain(refused) {
		return refused
	}
	if err = d.spdy.StreamWithContext(ctx, options); err == nil {
		return nil
	}
	return d.answer.explain(err, refused)
}

// badHandshake is how client-go words a refusal that is no Status object, such as that of a gateway, or of the API server's own throttling.
var badHandshake = regexp.MustCompile(`(?s)bad handshake \((\d{3})[^)]*\)(?:: (.*))?`)

// handshake gives a refused upgrade back what the library takes from it: the kind of a Status, by which the API server's own answer is
// known, and the code of any other answer, which is left in its text alone. What is no refusal at all is halfway.
func handshake(cause error) error {
	var status apierrors.APIStatus
	if errors.As(cause, &status) {
		whole := status.Status()
		whole.Kind = "Status"
		return &apierrors.StatusError{ErrStatus: whole}
	}
	said := badHandshake.FindStringSubmatch(cause.Error())
	if said == nil {
		return halfway{cause}
	}
	code, _ := strconv.Atoi(said[1]) // three digits
	if code < http.StatusMultipleChoices {
		return halfway{cause}
	}
	return &apierrors.StatusError{ErrStatus: metav1.Status{Code: int32(code), Message: said[2]}}
}

// A halfway is an upgrade that somebody said yes to, and that is none that we can use: a proxy may have lost half of it. The command
// may run.
type halfway struct{ error }

func (h halfway) Unwrap() error { return h.error }

// mayTryAgain tells whether nothing can have come of a command when websocket was refused, and whether it is of any use to ask in another
// way. A server that is in trouble may have begun, and one that asks to slow down does not mean one protocol.
func (d *duplex) mayTryAgain(refused error) bool {
	var status apierrors.APIStatus
	if !errors.As(refused, &status) {
		return !d.changes
	}
	code := status.Status().Code
	return code == http.StatusNotImplemented || code < 500 && code != http.StatusTooManyRequests
}

// A witness sees the answer to the request that is to become SPDY. The library makes mere text of it.
type witness struct {
	under http.RoundTripper
	err   error // instead of an answer
	code  int
	body  bytes.Buffer
}

func (w *witness) over(under http.RoundTripper) http.RoundTripper {
	w.under = under
	return w
}

// RoundTrip passes the request on. Of a refusal, what the library reads of it is kept.
func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := w.under.RoundTrip(r)
	w.err, w.code = err, 0
	w.body.Reset()
	if err == nil {
		w.code = response.StatusCode
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(response.Body, &w.body), response.Body}
	}
	return response, err
}

// explain is the proper error of a command that failed with err over SPDY, after websocket was refused.
func (w *witness) explain(err, refused error) error {
	switch {
	case w.err != nil:
		return halfway{w.err}
	case w.code >= http.StatusMultipleChoices:
		return w.refusal(refused)
	case strings.HasPrefix(err.Error(), "unable to upgrade connection"):
		return halfway{err}
	}
	return err
}

// refusal is the answer to SPDY, or that to websocket if the former is only a proxy's that lets neither through.
func (w *witness) refusal(refused error) error {
	var status metav1.Status
	if json.Unmarshal(w.body.Bytes(), &status) != nil || status.Kind != "Status" {
		if w.code < http.StatusInternalServerError && w.code != http.StatusTooManyRequests {
			return refused
		}
		status = metav1.Status{Message: strings.TrimSpace(w.body.String())}
	}
	status.Code = int32(w.code)
	return &apierrors.StatusError{ErrStatus: status}
}

// failure explains why the command did not end with status 0, having complained of stderr, which is clean of secrets: it exited with another, it was not let in, it could not be started,
// or the connection to it was lost.
func (c execution) failure(ctx context.Context, r request, link *link, stderr string, err error) error {
	var exit exec.CodeExitError
	var own *action.Error
	var refusal apierrors.APIStatus
	var half halfway
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &exit):
		return c.hinted(command.Exited(c.argv, " in "+c.of.target().String(), exit.Code, stderr))
	case errors.As(err, &refusal):
		return refusedUpgrade(r, refusal, c.b.Secrets)
	case ctx.Err() != nil, neverSent(err), isCutOff(err):
		return broken(ctx, r, link, err)
	case errors.As(err, &half):
		return garbled(r, half.error)
	}
	return c.hinted(action.Errorf(action.CodeCommand, "cannot %s: %w", r.purpose, err))
}

// refusedUpgrade is the error of a connection that was refused: nothing was run.
func refusedUpgrade(r request, refusal apierrors.APIStatus, secrets module.Secrets) *action.Error {
	status := refusal.Status()
	if !fromServer(status) {
		status = statusOf([]byte(status.Message), secrets)
	}
	return refusedWith(r, int(refusal.Status().Code), status)
}

func (c execution) hinted(e *action.Error) *action.Error {
	return command.Hinted(c.argv, e.On(c.of.target()), c.b.Secrets.String)
}

// isCutOff tells whether the connection broke, as opposed to the other side saying that the command failed.
func isCutOff(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		strings.Contains(err.Error(), "websocket: close")
}
