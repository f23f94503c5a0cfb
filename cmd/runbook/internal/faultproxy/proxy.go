// Package faultproxy stands between a client and a real API server in tests, passes on what it is asked, and lets go wrong what a test
// says: answers that the server never gave, requests that never arrive, answers that are lost after the server did what it was asked.
//
// It is for tests alone. It ends the client's TLS with a certificate of its own and asks the server with the credentials of a
// kubeconfig's context, so that what the server's audit log has is what it really did. It never changes what it passes on.
//
// Read next: fault.go, what can go wrong.
package faultproxy

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// A Proxy is one server on loopback.
type Proxy struct {
	Kubeconfig string // how clients find it; its one context is named like the server's

	pass   http.Handler
	closed chan struct{} // closed when the test ends

	mu     sync.Mutex
	faults []*Fault
	asked  []Request
	late   []*lateRequest
}

// A Request is one that a client sent.
type Request struct {
	Method, Path string
	At           time.Time
}

// Start stands before the server of a kubeconfig's context until the test ends.
func Start(t testing.TB, kubeconfig, contextName string, faults ...Fault) *Proxy {
	t.Helper()
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: kubeconfig}, &clientcmd.ConfigOverrides{CurrentContext: contextName})
	access, err := loader.ClientConfig()
	if err != nil {
		t.Fatalf("stand before the server of %s: %v", kubeconfig, err)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		t.Fatalf("stand before the server of %s: %v", kubeconfig, err)
	}
	p := &Proxy{Kubeconfig: filepath.Join(t.TempDir(), "kubeconfig"), closed: make(chan struct{})}
	for _, f := range faults {
		p.faults = append(p.faults, &f)
	}
	if p.pass, err = passOn(access); err != nil {
		t.Fatalf("stand before the server of %s: %v", kubeconfig, err)
	}
	server := httptest.NewUnstartedServer(p)
	server.EnableHTTP2 = true // as the API server itself
	server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) }
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // connections that are cut are what it is for
	server.StartTLS()
	t.Cleanup(server.Close)
	t.Cleanup(func() {
		close(p.closed)
		server.CloseClientConnections()
	})
	if err := p.writeKubeconfig(server, contextName, namespace); err != nil {
		t.Fatalf("write a kubeconfig for the proxy: %v", err)
	}
	return p
}

type connKey struct{}

// passOn sends a request to the server as it is, with the credentials of access. It speaks HTTP/1.1, in which a connection can be
// upgraded, as exec asks for.
func passOn(access *rest.Config) (http.Handler, error) {
	access = rest.CopyConfig(access)
	access.NextProtos = []string{"http/1.1"}
	transport, err := rest.TransportFor(access)
	if err != nil {
		return nil, err
	}
	server, _, err := rest.DefaultServerUrlFor(access)
	if err != nil {
		return nil, err
	}
	return &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(server) },
		Transport:     transport,
		FlushInterval: -1, // a stream is passed on as it comes
		ErrorLog:      log.New(io.Discard, "", 0),
		ErrorHandler: func(_ http.ResponseWriter, r *http.Request, _ error) {
			cut(r) // a server that does not answer looks like one here, too
		},
	}, nil
}

func (p *Proxy) writeKubeconfig(server *httptest.Server, contextName, namespace string) error {
	config := api.NewConfig()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	config.Clusters["proxy"] = &api.Cluster{Server: server.URL, CertificateAuthorityData: authority}
	config.AuthInfos[contextName] = &api.AuthInfo{}
	config.Contexts[contextName] = &api.Context{Cluster: "proxy", AuthInfo: contextName, Namespace: namespace}
	config.CurrentContext = contextName
	return clientcmd.WriteToFile(*config, p.Kubeconfig)
}

// ServeHTTP passes a request on, or lets it go wrong.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault, late := p.take(r)
	switch {
	case fault != nil:
		fault.Do(&exchange{proxy: p, w: w, r: r})
	case len(late) > 0:
		answer := record(p.pass, r)
		for _, request := range late {
			record(p.pass, request.r)
		}
		replay(answer, w)
	default:
		p.pass.ServeHTTP(w, r)
	}
}

// take notes a request, and returns the fault that befalls it and the late requests that have waited for it.
func (p *Proxy) take(r *http.Request) (*Fault, []*lateRequest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, Request{r.Method, r.URL.Path, time.Now()})
	for _, f := range p.faults {
		if f.befalls(r) {
			return f, nil
		}
	}
	var due []*lateRequest
	p.late = slices.DeleteFunc(p.late, func(l *lateRequest) bool {
		if !l.after.matches(r.Method, r.URL.Path) {
			return false
		}
		due = append(due, l)
		return true
	})
	return nil, due
}

// Asked are the requests that match, in the order in which they came.
func (p *Proxy) Asked(m Match) []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.asked), func(r Request) bool { return !m.matches(r.Method, r.Path) })
}

// Unused are the faults that befell nothing: a test that has one proves less than it says.
func (p *Proxy) Unused() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, f := range p.faults {
		if f.befallen == 0 {
			out = append(out, fmt.Sprintf("%s %s, after %d", f.Method, f.Path, f.Skip))
		}
	}
	return out
}
