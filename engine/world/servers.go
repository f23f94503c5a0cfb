package world

import (
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"runbook/engine/action"
	"runbook/engine/world/cluster"
	"runbook/engine/world/fault"
	"runbook/engine/world/metrics"
	"runbook/engine/world/outbox"
	"runbook/engine/world/s3"
)

// loopback is where the servers of a world listen: any free port, for this machine alone.
const loopback = "127.0.0.1:0"

// servers are the listeners of a world.
type servers struct {
	kubernetes string // its address
	prometheus string
	s3         string
	receivers  string
	alerts     string
	mail       *outbox.Mail // nil where nobody gets mail
	mailbox    string       // its address
	running    []*http.Server
	ended      sync.WaitGroup
}

// listen starts the servers.
func (w *World) listen() error {
	for _, one := range []struct {
		address *string
		system  fault.System
	}{
		{&w.servers.kubernetes, fault.System{
			Name: kubernetesSystem, Describe: ofCluster, Refuse: cluster.Refuse,
			Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.present().cluster.ServeHTTP(rw, r) }),
		}},
		{&w.servers.prometheus, fault.System{
			Name: prometheusSystem, Describe: ofMetrics, Refuse: metrics.Refuse,
			Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.present().metrics.ServeHTTP(rw, r) }),
		}},
		{&w.servers.s3, fault.System{
			Name: s3System, Describe: ofStore, Refuse: s3.Refuse,
			Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.present().store.ServeHTTP(rw, r) }),
		}},
		{&w.servers.receivers, w.receivers()},
		{&w.servers.alerts, w.alertmanager()},
	} {
		address, err := w.servers.start(one.system, w)
		if err != nil {
			w.servers.close()
			return err
		}
		*one.address = address
	}
	if err := w.listenForMail(); err != nil {
		w.servers.close()
		return err
	}
	return nil
}

// present are the simulated systems as they are since the last rewinding.
func (w *World) present() (now struct {
	cluster *cluster.Cluster
	metrics *metrics.Metrics
	store   *s3.Store
	outbox  *outbox.Outbox
	alerts  *outbox.Alertmanager
}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now.cluster, now.metrics, now.store = w.cluster, w.metrics, w.objects
	now.outbox, now.alerts = w.outbox, w.alerts
	return now
}

// armed are the faults at the present time.
func (w *World) armed() *fault.Faults {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.catchUp()
	return w.faults
}

// Kubernetes is the address of the API server.
func (w *World) Kubernetes() string { return w.servers.kubernetes }

// Prometheus is the address of the Prometheus.
func (w *World) Prometheus() string { return w.servers.prometheus }

// S3 is the address of the object store.
func (w *World) S3() string { return w.servers.s3 }

func ofStore(r *http.Request) fault.Call {
	verb, resource, bucket, key := s3.Describe(r)
	return fault.Call{Verb: verb, Resource: resource, Namespace: bucket, Name: key}
}

func ofMetrics(r *http.Request) fault.Call {
	verb, resource := metrics.Describe(r)
	return fault.Call{Verb: verb, Resource: resource}
}

func ofCluster(r *http.Request) fault.Call {
	c := cluster.Describe(r)
	resource := c.Canonical()
	if c.Subresource != "" {
		resource += "/" + c.Subresource
	}
	return fault.Call{Verb: c.Verb, Resource: resource, Namespace: c.Namespace, Name: c.Name, Dry: cluster.IsDryRun(r)}
}

// start serves a system behind the world's faults.
func (s *servers) start(system fault.System, w *World) (address string, err error) {
	listener, err := net.Listen("tcp", loopback)
	if err != nil {
		return "", action.Errorf(action.CodeInternal, "cannot open a port on this machine for the simulated site: %w", err)
	}
	server := &http.Server{
		Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			defer w.broken(system.Name, r)
			w.armed().Before(system).ServeHTTP(rw, r)
		}),
		ErrorLog:          log.New(io.Discard, "", 0), // connections that are cut are part of it
		ReadHeaderTimeout: time.Minute,
	}
	s.running = append(s.running, server)
	s.ended.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // a listener on loopback that fails leaves nothing to simulate with
		}
	})
	return "http://" + listener.Addr().String(), nil
}

// broken is deferred: it keeps a fault of the simulation for Close, and breaks the connection. Who asked sees a server that is away.
func (w *World) broken(system string, r *http.Request) {
	fault := recover()
	if fault == nil {
		return
	}
	if err, ok := fault.(error); !ok || !errors.Is(err, http.ErrAbortHandler) { // which is a connection that a scenario breaks
		w.fail(action.Errorf(action.CodeInternal, "the simulated %s is broken: %s %s: %v", system, r.Method, r.URL.Path, fault))
	}
	panic(http.ErrAbortHandler)
}

func (s *servers) close() {
	for _, server := range s.running {
		_ = server.Close() // whatever it says, nobody listens any more
	}
	if s.mail != nil {
		_ = s.mail.Close() // likewise
	}
	s.ended.Wait()
}
