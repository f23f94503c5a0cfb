package action

import "context"

type progressKey struct{}

// WithProgress returns a context in which Progressing tells tell. It may be called from several goroutines at once.
func WithProgress(ctx context.Context, tell func(text string)) context.Context {
	return context.WithValue(ctx, progressKey{}, tell)
}

// Progressing tells a person how far an operation is that takes long: "120 MB of 402 MB". Nobody keeps it.
func Progressing(ctx context.Context, text string) {
	if tell, ok := ctx.Value(progressKey{}).(func(string)); ok {
		tell(text)
	}
}
