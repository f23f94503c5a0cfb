package chain

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

	"runbook/engine/action"
	"runbook/engine/command"
)

// A chain decides where credentials come from.
type chain struct {
	Options
	files  files
	region string
	unkept sync.Map // logins that could not be written, by the files that they belong into
}

// provider is where the credentials of a run come from. A profile that the site file names comes before the keys of the environment; one of
// AWS_PROFILE does not.
func (c *chain) provider(profile string, named bool) (aws.CredentialsProvider, error) {
	key, secret := c.Getenv("AWS_ACCESS_KEY_ID"), c.Getenv("AWS_SECRET_ACCESS_KEY")
	switch {
	case named:
	case key != "" && secret != "":
		return credentials.NewStaticCredentialsProvider(key, secret, c.Getenv("AWS_SESSION_TOKEN")), nil
	case c.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != "" && c.Getenv("AWS_ROLE_ARN") != "":
		return c.webIdentity(c.Getenv("AWS_ROLE_ARN"), c.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE"), c.Getenv("AWS_ROLE_SESSION_NAME")), nil
	}
	return c.ofProfile(profile, nil)
}

// ofProfile is where the credentials of a profile come from. Through are the profiles that led to it.
func (c *chain) ofProfile(name string, through []string) (aws.CredentialsProvider, error) {
	if slices.Contains(through, name) {
		return nil, action.Errorf(action.CodeInvalid, "the AWS profiles %s get their credentials from one another", strings.Join(append(through, name), " → "))
	}
	p, there := c.files.profiles[name]
	if !there && name != defaultProfile {
		return nil, c.files.noProfile(name)
	}
	source, err := c.source(name, p, append(through, name))
	if err != nil || p["role_arn"] == "" || p["web_identity_token_file"] != "" {
		return source, err
	}
	if p["mfa_serial"] != "" {
		return nil, action.Errorf(action.CodeInvalid, "the AWS profile %q wants a code of a device (mfa_serial), and nobody is asked for one here", name).
			Try(`let the AWS CLI ask, and give its answer on: credential_process = aws configure export-credentials --profile %s`, command.Quote(name))
	}
	return c.role(p, source), nil
}

// source is where the credentials come from with which a profile's role is assumed, or the profile's own if it has none.
func (c *chain) source(name string, p map[string]string, through []string) (aws.CredentialsProvider, error) {
	switch {
	case p["role_arn"] != "" && p["source_profile"] != "" && p["source_profile"] != name:
		return c.ofProfile(p["source_profile"], through)
	case p["aws_access_key_id"] != "" && p["aws_secret_access_key"] != "":
		return credentials.NewStaticCredentialsProvider(p["aws_access_key_id"], p["aws_secret_access_key"], p["aws_session_token"]), nil
	case p["credential_source"] != "":
		return c.named(name, p["credential_source"])
	case p["web_identity_token_file"] != "" && p["role_arn"] != "":
		return c.webIdentity(p["role_arn"], p["web_identity_token_file"], p["role_session_name"]), nil
	case p["sso_session"] != "" || p["sso_start_url"] != "":
		return c.sso(name, p)
	case p["login_session"] != "":
		return nil, action.Errorf(action.CodeInvalid, "the AWS profile %q is one of aws login, of which only AWS's own tools know the tokens", name).
			Try("give its credentials on in another profile: credential_process = aws configure export-credentials --profile %s --format process", command.Quote(name))
	case p["credential_process"] != "":
		return processcreds.NewProvider(p["credential_process"]), nil
	}
	return c.machine(name)
}

// named is the source that a profile names.
func (c *chain) named(profile, source string) (aws.CredentialsProvider, error) {
	switch source {
	case "Environment":
		return credentials.NewStaticCredentialsProvider(c.Getenv("AWS_ACCESS_KEY_ID"), c.Getenv("AWS_SECRET_ACCESS_KEY"), c.Getenv("AWS_SESSION_TOKEN")), nil
	case "Ec2InstanceMetadata":
		return c.instance(profile), nil
	case "EcsContainer":
		return c.machine(profile)
	}
	return nil, action.Errorf(action.CodeInvalid, "the AWS profile %q has a credential_source %q: it is Environment, Ec2InstanceMetadata or EcsContainer", profile, source)
}

// Where a container gets its credentials.
const (
	containerHost = "http://169.254.170.2"
	podHost       = "169.254.170.23"
	podHostV6     = "fd00:ec2::23"
)

// machine is what hands out credentials on the machine itself: to containers, or to instances.
func (c *chain) machine(profile string) (aws.CredentialsProvider, error) {
	if relative := c.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"); relative != "" {
		return c.container(containerHost + relative), nil
	}
	full := c.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
	if full == "" {
		return c.instance(profile), nil
	}
	u, err := url.Parse(full)
	if err != nil || u.Scheme != "https" && !onMachine(u.Hostname()) {
		return nil, action.Errorf(action.CodeInvalid, "AWS_CONTAINER_CREDENTIALS_FULL_URI is no address on this machine, and none with https")
	}
	return c.container(full), nil
}

func onMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || host == podHost || host == podHostV6 || host == "169.254.170.2" || ip != nil && ip.IsLoopback()
}

func (c *chain) container(address string) aws.CredentialsProvider {
	return endpointcreds.New(address, func(o *endpointcreds.Options) {
		o.HTTPClient, o.Retryer = c.Client, aws.NopRetryer{}
		o.AuthorizationToken = c.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN")
		if file := c.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); file != "" {
			o.AuthorizationTokenProvider = endpointcreds.TokenProviderFunc(func() (string, error) {
				text, err := os.ReadFile(file)
				return strings.TrimSpace(string(text)), err
			})
		}
	})
}

// instance is the metadata service of an EC2 instance. On any other machine there is none, and no other source of credentials is left.
func (c *chain) instance(profile string) aws.CredentialsProvider {
	if strings.EqualFold(c.Getenv("AWS_EC2_METADATA_DISABLED"), "true") {
		return none{profile}
	}
	service := imds.New(imds.Options{
		HTTPClient: c.Client, Retryer: aws.NopRetryer{}, Endpoint: c.Getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT"),
	})
	return last{none{profile}, ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = service })}
}

// none is that no credentials are anywhere.
type none struct{ profile string }

func (n none) Retrieve(context.Context) (aws.Credentials, error) { return aws.Credentials{}, n.error() }

func (n none) error() *action.Error {
	return action.Errorf(action.CodeUnauth, "no AWS credentials were found: neither in the environment nor in the profile %q", n.profile).
		Try("name a profile in the site file (s3: {profile: NAME}), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
}

// last is the last source of the chain: when it has none, nobody has.
type last struct {
	none none
	of   aws.CredentialsProvider
}

func (l last) Retrieve(ctx context.Context) (aws.Credentials, error) {
	found, err := l.of.Retrieve(ctx)
	if err != nil && ctx.Err() == nil {
		e := l.none.error()
		e.Cause = err
		return found, e
	}
	return found, err
}

// webIdentity trades the token of a pod's service account for the credentials of a role.
func (c *chain) webIdentity(role, file, session string) aws.CredentialsProvider {
	return provided(func(ctx context.Context) (aws.Credentials, error) {
		token, err := os.ReadFile(file) // it is renewed while a run lasts
		if err != nil {
			return aws.Credentials{}, action.Errorf(action.CodeUnauth, "cannot read the token for the role %s: %w", role, err)
		}
		return c.assume(ctx, url.Values{
			"Action": {"AssumeRoleWithWebIdentity"}, "RoleArn": {role}, "RoleSessionName": {cmp.Or(session, sessionName)},
			"WebIdentityToken": {strings.TrimSpace(string(token))},
		}, nil)
	})
}

// role assumes the role of a profile.
func (c *chain) role(p map[string]string, with aws.CredentialsProvider) aws.CredentialsProvider {
	return provided(func(ctx context.Context) (aws.Credentials, error) {
		form := url.Values{
			"Action": {"AssumeRole"}, "RoleArn": {p["role_arn"]}, "RoleSessionName": {cmp.Or(p["role_session_name"], sessionName)},
		}
		for field, name := range map[string]string{"ExternalId": "external_id", "DurationSeconds": "duration_seconds"} {
			if p[name] != "" {
				form.Set(field, p[name])
			}
		}
		return c.assume(ctx, form, with)
	})
}

// sessionName is how a session of an assumed role appears in audit logs.
const sessionName = "runbook"

type provided func(context.Context) (aws.Credentials, error)

func (p provided) Retrieve(ctx context.Context) (aws.Credentials, error) { return p(ctx) }

var _ endpointcreds.HTTPClient = (*http.Client)(nil)
