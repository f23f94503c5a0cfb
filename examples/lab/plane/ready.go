package plane

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"k8s.io/client-go/rest"

	"runbook/examples/lab/layout"
)

const (
	probeEvery   = 50 * time.Millisecond
	probeTimeout = 2 * time.Second
)

// probe asks servers whether they are ready.
type probe struct {
	client *http.Client
	denied string // the last answer, for the error message
}

// newProbe trusts the lab's authority alone, and asks as a client that every component knows.
func newProbe(dir layout.Dir) (*probe, error) {
	access, err := Stagehand(dir)
	if err != nil {
		return nil, err
	}
	client, err := rest.HTTPClientFor(access)
	if err != nil {
		return nil, fmt.Errorf("prepare to ask the servers whether they are ready: %w", err)
	}
	client.Timeout = probeTimeout
	return &probe{client: client}, nil
}

// wait returns when url answers 200.
func (p *probe) wait(ctx context.Context, url string) error {
	p.denied = "nothing"
	for {
		if p.ok(ctx, url) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; the last answer from %s was: %s", ctx.Err(), url, p.denied)
		case <-time.After(probeEvery):
		}
	}
}

func (p *probe) ok(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		p.denied = err.Error()
		return false
	}
	response, err := p.client.Do(request)
	if err != nil {
		p.denied = err.Error()
		return false
	}
	response.Body.Close()
	p.denied = response.Status
	return response.StatusCode == http.StatusOK
}
