// Package exporter is the service's /metrics: the model of package photon, lived on from where the past ends, with the
// pods and devices that the lab really has. Started again in the same lab, it is a service that was started again: its
// counters begin at zero.
//
// It never writes anything, and it never ends because somebody that it asks does not answer: it then goes on with what it
// was last told.
//
// Read next: recorder.go, how the model is kept up to date; devices.go, where the devices' states come from.
package exporter

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// How the lab's program is called to be the exporter.
const (
	Command    = "photon-exporter"
	ListenFlag = "listen"
	SinceFlag  = "since"
)

// Where the exporter answers.
const (
	MetricsPath = "/metrics" // with 503 until the first look
	ReadyPath   = "/ready"   // with 200 once it knows the pods
)

const (
	stopWithin   = 3 * time.Second
	headerWithin = 5 * time.Second
)

// Handler answers with what the recorder has.
func Handler(recorder *Recorder) (http.Handler, error) {
	registry := prometheus.NewRegistry()
	if err := registry.Register(collector{recorder}); err != nil {
		return nil, fmt.Errorf("prepare the service's metrics: %w", err)
	}
	mux := http.NewServeMux()
	metrics := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	mux.HandleFunc("GET "+MetricsPath, func(w http.ResponseWriter, r *http.Request) {
		if !recorder.Looked() {
			http.Error(w, "nobody has looked yet how the service is", http.StatusServiceUnavailable)
			return
		}
		metrics.ServeHTTP(w, r)
	})
	mux.HandleFunc("GET "+ReadyPath, func(w http.ResponseWriter, _ *http.Request) {
		if !recorder.Informed() {
			http.Error(w, "the API server has not told yet which pods there are", http.StatusServiceUnavailable)
		}
	})
	return mux, nil
}

// Serve answers on the listener until ctx ends.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: headerWithin}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve the service's metrics on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	err := server.Shutdown(stopping)
	if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}
