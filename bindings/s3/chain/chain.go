// Package chain finds AWS's credentials and settings where AWS's own tools find them: in the environment, in the shared configuration and
// credentials files with their profiles, and from the services that hand out credentials that expire.
//
// It is AWS's default credential chain, in the order of the Go SDK, without the SDK's package config: that one brings the clients of four
// services with it (sts, sso, ssooidc, signin), whose start-up alone takes 1.9 ms of every command of this program, S3 or not. What it asks
// those services for are single requests: sts.go and sso.go. Providers that cost nothing are the SDK's own.
//
// It logs nobody in: a person does that with aws sso login. A login that is over soon is renewed, and put where AWS's tools keep it; nothing else
// is written. Read next: files.go, then provider.go.
package chain

import (
	"cmp"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"runbook/engine/command"
)

// DefaultRegion is signed for where nobody says another one and the address is not AWS's.
const DefaultRegion = "us-east-1"

// Options say where to look.
type Options struct {
	Profile string // by its name; "" for AWS_PROFILE, and then default
	Region  string // "" for the environment's or the profile's
	Client  *http.Client
	Getenv  func(string) string // nil for the environment of this process
	Home    string              // "" for the user's own
	Secret  func(...string)     // told of the secrets that it comes upon; nil for nobody who keeps them
}

// Settings are what was found.
type Settings struct {
	Profile   string // that was used
	Region    string // "" for none
	Endpoint  string // of S3; "" for AWS's own
	PathStyle bool   // the profile says so
	CABundle  string // path of a file with authorities to trust besides, "" for none
	// Credentials are got from where the chain says, each time anew: who uses them keeps them.
	Credentials aws.CredentialsProvider
	// Renew is what a person types when the credentials are over.
	Renew string
}

// Load reads the environment and the files. It contacts nobody.
func Load(o Options) (Settings, error) {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Client == nil {
		o.Client = http.DefaultClient
	}
	if o.Home == "" {
		home, err := os.UserHomeDir()
		if err == nil {
			o.Home = home
		}
	}
	f, err := o.files()
	if err != nil {
		return Settings{}, err
	}
	name := cmp.Or(o.Profile, o.Getenv("AWS_PROFILE"), o.Getenv("AWS_DEFAULT_PROFILE"), defaultProfile)
	p, there := f.profiles[name]
	if !there && name != defaultProfile {
		return Settings{}, f.noProfile(name)
	}
	region := cmp.Or(o.Region, o.Getenv("AWS_REGION"), o.Getenv("AWS_DEFAULT_REGION"), p["region"])
	s := Settings{
		Profile: name, Region: region, Endpoint: o.endpoint(f, p), CABundle: cmp.Or(o.Getenv("AWS_CA_BUNDLE"), p["ca_bundle"]),
		PathStyle: strings.EqualFold(p["s3.addressing_style"], "path"), Renew: renewal(name, p),
	}
	c := &chain{Options: o, files: f, region: cmp.Or(region, DefaultRegion)}
	s.Credentials, err = c.provider(name, o.Profile != "")
	return s, err
}

// endpoint is where S3 is, as the environment or a profile says.
func (o Options) endpoint(f files, p map[string]string) string {
	if strings.EqualFold(cmp.Or(o.Getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), p["ignore_configured_endpoint_urls"]), "true") {
		return ""
	}
	return cmp.Or(
		o.Getenv("AWS_ENDPOINT_URL_S3"), o.Getenv("AWS_ENDPOINT_URL"), f.services[p["services"]]["s3.endpoint_url"], p["endpoint_url"],
	)
}

// renewal is what to type when credentials are over.
func renewal(name string, p map[string]string) string {
	switch {
	case p["sso_session"] != "" || p["sso_start_url"] != "":
		return loginAgain(name)
	case p["login_session"] != "":
		return "aws login --profile " + command.Quote(name)
	}
	return "aws sts get-caller-identity --profile " + command.Quote(name)
}

func (o Options) path(variable, file string) string {
	if path := o.Getenv(variable); path != "" {
		return path
	}
	if o.Home == "" {
		return ""
	}
	return filepath.Join(o.Home, ".aws", file)
}
