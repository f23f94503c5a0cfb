package prometheus

import (
	"net/url"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"runbook/engine/action"
	"runbook/engine/httpclient"
)

// A link is the one client that all functions share. It is made at the first read.
type link struct {
	base   *url.URL
	client api.Client
	api    v1.API
}

// where is the address as it may be shown.
func (l *link) where() string { return WithoutUser(l.base.String()) }

func (cfg Config) connect() (*link, error) {
	var access Access
	if cfg.Access != nil {
		access = cfg.Access()
	}
	base, err := access.base()
	if err != nil {
		return nil, err
	}
	cfg.Secrets.Add(access.Credentials()...)
	made, err := httpclient.New(base, httpclient.Options{
		File: access.HTTPConfig, WrapTransport: cfg.WrapTransport, UserAgent: cfg.UserAgent, Secrets: cfg.Secrets,
	})
	if err != nil {
		return nil, err
	}
	client, err := api.NewClient(api.Config{Address: base.String(), Client: made})
	if err != nil {
		return nil, action.Errorf(action.CodeInternal, "cannot make a client of Prometheus: %w", err)
	}
	noted := noting{client}
	return &link{base: base, client: noted, api: v1.NewAPI(noted)}, nil
}
