package supervisor

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

const (
	askEvery  = 50 * time.Millisecond
	askWithin = 2 * time.Second // for one answer
)

// Ready asks a server once; nil says that it is ready, an error what is still missing.
type Ready func(context.Context) error

// HTTPReady asks with a GET of url, which a ready server answers with 200.
func HTTPReady(client *http.Client, url string) Ready {
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s", url, response.Status)
		}
		return nil
	}
}

// Wait asks until the server is ready.
func (r Ready) Wait(ctx context.Context) error {
	for {
		asking, cancel := context.WithTimeout(ctx, askWithin)
		missing := r(asking)
		cancel()
		if missing == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; it last said: %w", ctx.Err(), missing)
		case <-time.After(askEvery):
		}
	}
}
