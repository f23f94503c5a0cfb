package screen

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"runbook/engine/action"
	"runbook/engine/gate"
	"runbook/engine/journal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func question() *journal.Record {
	a := scaling(3)
	a.intent.Number = 3
	return &journal.Record{Key: a.key(), Call: &a.call, Intent: &a.intent}
}

func TestConsent(t *testing.T) {
	for _, c := range []struct {
		typed string
		want  gate.Decision
	}{
		{"y\n", gate.Yes}, {" YES \n", gate.Yes}, {"s\n", gate.AllStep}, {"a\n", gate.AllRun}, {"all\n", gate.AllRun},
		{"n\n", gate.No}, {"q\n", gate.Quit}, {"\nsure\nn\n", gate.No},
	} {
		var out bytes.Buffer
		decision, by, err := NewPrompt(strings.NewReader(c.typed), &out, Look{}, nil).Consent(t.Context(), question())
		require.NoError(t, err)
		require.Equal(t, c.want, decision, "%q", c.typed)
		require.Equal(t, "terminal", by)
	}
}

func TestWhatConsentShows(t *testing.T) {
	var out bytes.Buffer
	_, _, err := NewPrompt(strings.NewReader("maybe\nq\n"), &out, Look{Color: true, Width: columns(80), Live: true}, nil).Consent(t.Context(), question())
	require.NoError(t, err)
	golden(t, "consent.txt", out.Bytes())
}

// Who is asked is told before who will undo it.
func TestConsentShowsWarnings(t *testing.T) {
	var out bytes.Buffer
	q := question()
	q.Intent.Warnings = []string{"the autoscaler web will bring it back"}
	_, _, err := NewPrompt(strings.NewReader("q\n"), &out, Look{}, nil).Consent(t.Context(), q)
	require.NoError(t, err)
	text := out.String()
	require.Contains(t, text, "warning: the autoscaler web will bring it back\n")
	require.Less(t, strings.Index(text, "warning:"), strings.Index(text, "?"))
}

// ask puts each kind of question.
var ask = map[string]func(context.Context, *Prompt) (yes bool, err error){
	"consent": func(ctx context.Context, p *Prompt) (bool, error) {
		decision, _, err := p.Consent(ctx, question())
		return decision != gate.No && decision != gate.Quit, err
	},
	"confirm": func(ctx context.Context, p *Prompt) (bool, error) { return p.Confirm(ctx, "Scale up?") },
	"ask": func(ctx context.Context, p *Prompt) (bool, error) {
		answer, err := p.Ask(ctx, Question{Text: "Which?", Choices: []string{"yes", "no"}, Default: "yes"})
		return answer != "", err
	},
	"name": func(ctx context.Context, p *Prompt) (bool, error) {
		err := p.TypeName(ctx, "This is production.", "y")
		return err == nil, err
	},
}

func TestTheEndOfTheInputIsNeverYes(t *testing.T) {
	for name, ask := range ask {
		for _, typed := range []string{"", "y", "yes", "maybe\ny"} {
			yes, err := ask(t.Context(), NewPrompt(strings.NewReader(typed), io.Discard, Look{}, nil))
			require.False(t, yes, "%s: %q", name, typed)
			require.Equal(t, action.CodeDeclined, action.CodeOf(err), "%s: %q", name, typed)
		}
	}
}

func TestACancelledPromptReturnsAtOnce(t *testing.T) {
	stop := errors.New("stop")
	for name, ask := range ask {
		in, typing := io.Pipe()
		out := newSpy()
		p := NewPrompt(in, out, Look{}, nil)
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			out.waitFor("?", ":") // the question is on the screen
			cancel(stop)
		}()
		yes, err := ask(ctx, p)
		require.False(t, yes, name)
		require.ErrorIs(t, err, stop, name)

		yes, err = ask(ctx, p)
		require.False(t, yes, name)
		require.ErrorIs(t, err, stop, "%s: a cancelled context asks nothing", name)
		require.NoError(t, typing.Close()) // which ends the goroutine that still reads
	}
}

// A line that is typed after its question was given up must not answer the next one; one typed after the next was asked must.
func TestALateLineAnswersNothing(t *testing.T) {
	in, typing := io.Pipe()
	defer func() { require.NoError(t, typing.Close()) }()
	out := newSpy()
	p := NewPrompt(in, out, Look{}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		out.waitFor("First?")
		cancel()
	}()
	_, err := p.Confirm(ctx, "First?")
	require.ErrorIs(t, err, context.Canceled)
	_, err = typing.Write([]byte("y\n"))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(p.lines.got) == 1 }, time.Minute, time.Millisecond)

	go func() {
		out.waitFor("Second?")
		_, _ = typing.Write([]byte("n\n"))
	}()
	yes, err := p.Confirm(t.Context(), "Second?")
	require.NoError(t, err)
	require.False(t, yes)
}

func TestConfirm(t *testing.T) {
	for typed, want := range map[string]bool{"y\n": true, "Yes\n": true, "n\n": false, "\nwhat\nno\n": false} {
		var out bytes.Buffer
		yes, err := NewPrompt(strings.NewReader(typed), &out, Look{}, nil).Confirm(t.Context(), "Scale\x1b[2J up?")
		require.NoError(t, err)
		require.Equal(t, want, yes, "%q", typed)
		require.NotContains(t, out.String(), "\x1b")
	}
}

func TestAsk(t *testing.T) {
	even := func(s string) error {
		if len(s)%2 == 1 {
			return errors.New("it must be even")
		}
		return nil
	}
	remedy := Question{Text: "Which remedy?", Choices: []string{"restart", "scale up"}}
	for _, c := range []struct {
		name, typed string
		question    Question
		want        string
		shown       string
	}{
		{"by number", "2\n", remedy, "scale up", "Which remedy?\n  1  restart\n  2  scale up\nYour choice: "},
		{"by name", "scale up\n", remedy, "scale up", "Your choice: "},
		{"again", "\n0\n3\nscale\n1\n", remedy, "restart", "Please type one of restart, scale up.\nYour choice: "},
		{"default choice", "\n", Question{Text: "Which?", Choices: []string{"a", "b"}, Default: "b"}, "b", "Your choice (b): "},
		{"choices that are numbers have no numbers", "1\n3\n", Question{Text: "How many?", Choices: []string{"3", "5"}}, "3", "How many?\n  3\n  5\nYour choice: Please type one of 3, 5."},
		{"free text", "abc\nabcd\n", Question{Text: "Device?", Check: even}, "abcd", "Device? it must be even\nDevice? "},
		{"default text", "\n", Question{Text: "Device", Default: "envise-0", Check: even}, "envise-0", "Device (envise-0): "},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			answer, err := NewPrompt(strings.NewReader(c.typed), &out, Look{}, nil).Ask(t.Context(), c.question)
			require.NoError(t, err)
			require.Equal(t, c.want, answer)
			require.Contains(t, out.String(), c.shown)
		})
	}
}

func TestTypeName(t *testing.T) {
	for typed, ok := range map[string]bool{
		"prod-eu\n": true, "prod\nprod-eu\n": true, "PROD-EU\ny\n\nprod-eu\n": false,
	} {
		var out bytes.Buffer
		err := NewPrompt(strings.NewReader(typed), &out, Look{}, nil).TypeName(t.Context(), "This is production.", "prod-eu")
		require.Equal(t, ok, err == nil, "%q", typed)
		require.Contains(t, out.String(), "This is production. Type prod-eu to go on: ")
	}
}

// What a person saw in full when asked is not shown in full again.
func TestAPromptPausesTheScreen(t *testing.T) {
	s := newLiveScreen(t, 80)
	tape := newTape(journal.RealRun).step(3, "Scale up")
	require.NoError(t, s.Write(tape.records[0]))
	require.NoError(t, s.Write(tape.records[1]))
	s.tick(time.Second)
	p := NewPrompt(strings.NewReader("y\n"), s.terminal, Look{Width: columns(80)}, s.Text)
	q := question()
	_, by, err := p.Consent(t.Context(), q)
	require.NoError(t, err)
	_, _ = s.terminal.Write([]byte("\n")) // which the terminal itself echoes
	require.NoError(t, s.Write(&journal.Record{Kind: journal.KindConsent, Key: q.Key, Consent: &journal.Consent{Scope: "action", Granted: true, By: by}}))
	for _, r := range tape.act(scaling(3).done()).records[2:] {
		require.NoError(t, s.Write(r))
		s.tick(time.Second)
	}
	require.NoError(t, s.Close())
	golden(t, "asked.txt", []byte(s.terminal.finished()))
}

func TestOneQuestionAtATime(t *testing.T) {
	in, typing := io.Pipe()
	defer func() { require.NoError(t, typing.Close()) }()
	out := newSpy()
	p := NewPrompt(in, out, Look{}, nil)
	var answers sync.WaitGroup
	for range 4 {
		answers.Go(func() {
			yes, err := p.Confirm(t.Context(), "Go on?")
			assert.NoError(t, err)
			assert.True(t, yes)
		})
	}
	for n := range 4 {
		out.waitForCount("Go on?", n+1)
		require.Equal(t, n+1, out.count("Go on?"))
		_, _ = typing.Write([]byte("y\n"))
	}
	answers.Wait()
}
