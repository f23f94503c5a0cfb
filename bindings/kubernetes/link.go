package kubernetes

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"runbook/engine/action"
)

// A link is the one connection to the cluster that all functions share. It is made at the first operation.
type link struct {
	config *rest.Config
	http   *http.Client
	base   *url.URL
	// guessed tells that no kubeconfig names a cluster, so that the address is client-go's guess.
	guessed bool
	configs string       // the files that would name one
	lost    atomic.Int64 // when it last did not answer, in Unix nanoseconds; 0 for never
}

// guess is where client-go looks for a cluster that nothing names.
const guess = "localhost:8080"

// rolesTime is how long an API server that has just come up may take to read its roles. Until then it answers that what is allowed is
// forbidden: a refusal is not believed at once when the server was away shortly before.
const rolesTime = 10 * time.Second

func (l *link) wasAway() { l.lost.Store(time.Now().UnixNano()) }

// noteLoss notes an outage where there was no connection or it broke. That we gave up, or do not trust who answers, says nothing of it.
func (l *link) noteLoss(ctx context.Context, err error) {
	if ctx.Err() == nil && isLoss(err) {
		l.wasAway()
	}
}

// noteAnswer notes an outage that somebody between us and the API server tells of, or the API server itself as it goes.
func (l *link) noteAnswer(code int) {
	switch code {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		l.wasAway()
	}
}

func (l *link) justCameUp() bool { return time.Since(time.Unix(0, l.lost.Load())) < rolesTime }

func (cfg Config) connect() (*link, error) {
	config, err := cfg.Access.ToRESTConfig()
	if err != nil {
		return nil, kubeconfigError(err)
	}
	config = rest.CopyConfig(config)
	config.UserAgent = cfg.UserAgent
	config.WarningHandler = rest.NoWarnings{} // of discovery: it would print them in the middle of a screen
	if cfg.WrapTransport != nil {
		config.Wrap(cfg.WrapTransport)
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, kubeconfigError(err)
	}
	base, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, kubeconfigError(err)
	}
	loader := cfg.Access.ToRawKubeConfigLoader()
	raw, err := loader.RawConfig()
	return &link{
		config: config, http: client, base: base,
		guessed: err == nil && clientcmdapi.IsConfigEmpty(&raw) && base.Host == guess,
		configs: strings.Join(loader.ConfigAccess().GetLoadingPrecedence(), ", "),
	}, nil
}

// contextNamespace is the one that a kubeconfig's context names. It reads files, never the network.
func (cfg Config) contextNamespace() (string, error) {
	namespace, _, err := cfg.Access.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return "", kubeconfigError(err)
	}
	return namespace, nil
}

func kubeconfigError(err error) error {
	return action.Errorf(action.CodeInvalid, "cannot use the kubeconfig: %w", err).
		Try("see what it holds: kubectl config get-contexts")
}

// whereToLook is what to try when nobody answers.
func (l *link) whereToLook() string {
	if l.guessed {
		return fmt.Sprintf("no cluster is named in %s, so this address is a guess: set KUBECONFIG, or say --kubeconfig or --site", l.configs)
	}
	return "check the address and the context: kubectl config get-contexts; kubectl cluster-info"
}
