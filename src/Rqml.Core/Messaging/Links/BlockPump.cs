using System.Diagnostics.CodeAnalysis;
using Rqml.Hosting;

namespace Rqml.Messaging.Links;

/// <summary>What a pump sends.</summary>
internal interface IBlockSource
{
    /// <summary>Puts what is to be sent next into the empty block; leaves it empty where there is nothing.</summary>
    void Fill(BlockBuilder block);

    /// <summary>The last block was sent, or never will be: the transport does not read it any more.</summary>
    void SendEnded();

    /// <summary>The link is no good any more.</summary>
    void Broken(Exception error);
}

/// <summary>
/// Sends over one link, a block at a time, off the thread of whoever has something to say: what comes during a send gathers and goes with the next block. Measured,
/// that is worth a factor of ten and more beside a send for each message.
/// </summary>
internal sealed class BlockPump(ILink link, IBlockSource source, Dispatcher dispatcher, CancellationToken cancellationToken) : IThreadPoolWorkItem
{
    private const int Idle = 0;
    private const int Pumping = 1;
    private const int PumpingAndWoken = 2;
    private const int Stopped = 3;

    private readonly BlockBuilder _block = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _pump = Task.CompletedTask;      // owned here; never faults
    private int _state;

    /// <summary>There is something to send. Any thread; cheap where the pump is at work.</summary>
    public void Wake()
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            switch (state)
            {
                case Idle when Interlocked.CompareExchange(ref _state, Pumping, Idle) == Idle:
                    dispatcher.Post(this);
                    return;
                case Pumping when Interlocked.CompareExchange(ref _state, PumpingAndWoken, Pumping) == Pumping:
                case PumpingAndWoken or Stopped:
                    return;
            }
        }
    }

    /// <summary>Begins no further block, and returns when none is on its way. Whoever waits has closed the link, or lets it end its block.</summary>
    public Task StopAsync()
    {
        if (Interlocked.Exchange(ref _state, Stopped) == Idle) _ended.TrySetResult();
        return _ended.Task;
    }

    void IThreadPoolWorkItem.Execute() => _pump = PumpAsync();

    [SuppressMessage("Design", "CA1031", Justification = "The outermost catch of the pump: an adapter that breaks its promise costs this link, not the node.")]
    private async Task PumpAsync()
    {
        try
        {
            while (Volatile.Read(ref _state) != Stopped)
            {
                _block.Clear();
                source.Fill(_block);
                if (!_block.IsEmpty) await SendAsync();
                else if (TryRest()) return;      // from here on another pump may begin: what becomes of it is not ours to say
            }
        }
        catch (Exception error)
        {
            source.Broken(error);
            Volatile.Write(ref _state, Stopped);
        }

        _ended.TrySetResult();
    }

    private async ValueTask SendAsync()
    {
        try
        {
            await link.SendBlockAsync(_block.Build(), cancellationToken);
        }
        finally
        {
            source.SendEnded();
        }
    }

    private bool TryRest()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Pumping) == Pumping) return true;
        Interlocked.CompareExchange(ref _state, Pumping, PumpingAndWoken);
        return false;
    }
}
