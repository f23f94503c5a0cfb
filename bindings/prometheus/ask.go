package prometheus

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"runbook/engine/action"
	"runbook/engine/module"
)

// patience is how long a query may take unless the script says otherwise. The server is told, and gives up itself.
const patience = time.Minute

// grace is how much longer than the server we wait, for its own word about it.
const grace = 10 * time.Second

// A question is one call to the server, with what an error message needs to say about it.
type question struct {
	purpose string // for "cannot …": "query up == 0"
	target  action.Target
	timeout time.Duration
}

// An answer is what came back last, for who has to tell what went wrong.
type answer struct {
	response *http.Response // nil if none came
	body     []byte
	err      error // why it is not whole
}

type answerKey struct{}

// noting keeps what came back: the library tells of it no more than a status.
type noting struct{ api.Client }

func (n noting) Do(ctx context.Context, r *http.Request) (*http.Response, []byte, error) {
	response, body, err := n.Client.Do(ctx, r)
	if a, ok := ctx.Value(answerKey{}).(*answer); ok {
		*a = answer{response, body, err}
	}
	return response, body, err
}

// CloseIdleConnections ends what is open and unused.
func (n noting) CloseIdleConnections() {
	if c, ok := n.Client.(api.CloseIdler); ok {
		c.CloseIdleConnections()
	}
}

// ask asks the server, within bounds of time, and says what went wrong. The time is that of the outside: it is the server's that is measured.
func (b *binding) ask(ctx context.Context, q question, call func(context.Context, v1.API) error) error {
	link, err := b.link()
	if err != nil {
		return err
	}
	if q.timeout == 0 {
		q.timeout = patience
	}
	ctx, stop := module.OutsideOf(ctx).WithTimeout(ctx, q.timeout+grace)
	defer stop()
	var a answer
	err = call(context.WithValue(ctx, answerKey{}, &a), link.api)
	if err != nil {
		return b.explain(ctx, link, q, &a, err)
	}
	return nil
}
