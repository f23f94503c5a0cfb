package kubernetes

import (
	"net/http"
	"net/url"

	"k8s.io/client-go/rest"

	"runbook/engine/action"
)

// A link is the one connection to the cluster that all functions share. It is made at the first operation.
type link struct {
	config *rest.Config
	http   *http.Client
	base   *url.URL
}

func (cfg Config) connect() (*link, error) {
	config, err := cfg.Getter.ToRESTConfig()
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
	return &link{config, client, base}, nil
}

// contextNamespace is the one that a kubeconfig's context names. It reads files, never the network.
func (cfg Config) contextNamespace() (string, error) {
	namespace, _, err := cfg.Getter.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return "", kubeconfigError(err)
	}
	return namespace, nil
}

func kubeconfigError(err error) error {
	return action.Errorf(action.CodeInvalid, "cannot use the kubeconfig: %w", err).
		Try("see what it holds: kubectl config get-contexts")
}
