using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Rqml.Extensions.AI.Calls;

/// <summary>
/// Tells a listener of an answer while it grows, on a thread of the pool: whoever streams never waits for it. A listener that is slow gets fewer texts, but always the
/// last. It ends by itself with that. Thread-safe.
/// </summary>
internal sealed class TextRelay(Action<ChatText> listener, PassInfo pass) : IThreadPoolWorkItem
{
    private readonly Lock _lock = new();
    private readonly StringBuilder _text = new();
    private bool _isComplete;
    private bool _isTelling;
    private bool _hasNews;

    public void Append(string piece)
    {
        if (piece.Length > 0) Tell(piece, false);
    }

    /// <summary>There is no more to come.</summary>
    public void Complete() => Tell("", true);

    [SuppressMessage("Design", "CA1031", Justification = "A listener is a user's: whatever it throws is its own affair.")]
    public void Execute()
    {
        while (TryTake(out var text))
        {
            try
            {
                listener(text);
            }
            catch (Exception)
            {
                // It hears of the next text all the same.
            }
        }
    }

    private void Tell(string piece, bool isComplete)
    {
        lock (_lock)
        {
            _text.Append(piece);
            _isComplete |= isComplete;
            _hasNews = true;
            if (_isTelling) return;
            _isTelling = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private bool TryTake(out ChatText text)
    {
        lock (_lock)
        {
            _isTelling = _hasNews;
            text = _hasNews ? new ChatText(pass, _text.ToString(), _isComplete) : default;
            _hasNews = false;
            return _isTelling;
        }
    }
}
