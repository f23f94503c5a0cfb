package main

import (
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/tools/clientcmd"

	"runbook/bindings/kubernetes"
	"runbook/engine/redact"
	"runbook/engine/site"
	"runbook/engine/wall"
)

// clusterFlags are kubectl's flags, with kubectl's meaning.
type clusterFlags struct{ *genericclioptions.ConfigFlags }

func newClusterFlags() clusterFlags {
	flags := genericclioptions.NewConfigFlags(true)
	// A secret on a command line stands in everybody's `ps`: use a kubeconfig.
	flags.BearerToken, flags.Username, flags.Password = nil, nil, nil
	return clusterFlags{flags}
}

func (c clusterFlags) add(flags *pflag.FlagSet) { c.AddFlags(flags) }

// fillIn takes from the site file what the command line does not say.
func (c clusterFlags) fillIn(k site.Kubernetes) {
	for _, f := range []struct {
		flag  *string
		value string
	}{{c.KubeConfig, k.Kubeconfig}, {c.Context, k.Context}, {c.Namespace, k.Namespace}} {
		if *f.flag == "" {
			*f.flag = f.value
		}
	}
}

// identity says which cluster is meant, for the screen and for plans; empty where there is no kubeconfig. The secrets of the
// kubeconfig are made known to the redactor.
func (c clusterFlags) identity(r *redact.Redactor) map[string]string {
	loader := c.ToRawKubeConfigLoader()
	config, err := loader.ClientConfig()
	if err != nil {
		return nil // the first operation on the cluster says what is wrong, with its place in the script
	}
	hideCredentials(r, config)
	raw, err := loader.RawConfig()
	hideProxies(r, raw)
	if err != nil || len(raw.Contexts) == 0 && *c.APIServer == "" {
		return nil // client-go would fall back to localhost:8080, which nobody meant
	}
	about := map[string]string{"server": withoutUser(config.Host), "context": *c.Context}
	if about["context"] == "" {
		about["context"] = raw.CurrentContext
	}
	if namespace, _, err := loader.Namespace(); err == nil {
		about["namespace"] = namespace
	}
	if user := raw.Contexts[about["context"]]; user != nil && user.AuthInfo != "" {
		about["user"] = user.AuthInfo
	}
	if as := *c.Impersonate; as != "" {
		about["as"] = as
	}
	if groups := *c.ImpersonateGroup; len(groups) > 0 {
		about["as_groups"] = strings.Join(groups, ",")
	}
	return about
}

// current is the name of the context that is meant, "" if there is none. The loader of the flags is not asked: it takes no flag after it was.
func (c clusterFlags) current() string {
	if *c.Context != "" {
		return *c.Context
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = *c.KubeConfig
	raw, err := rules.Load()
	if err != nil {
		return ""
	}
	return raw.CurrentContext
}

// clusterConfig is how the run of that id talks to the cluster of a venue. The second wall is nil in a real run.
func clusterConfig(at systems, id string, second *wall.Wall, r *redact.Redactor) kubernetes.Config {
	return kubernetes.Config{
		Access: at.cluster(), WrapTransport: clientsUnder(second, r), Commands: at.commands().reads, Secrets: r,
		UserAgent: userAgent(id), FieldManager: "runbook", Run: id,
	}
}
