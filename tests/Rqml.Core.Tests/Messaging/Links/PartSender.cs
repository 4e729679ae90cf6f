using System.Buffers;
using Rqml.Messaging.Frames;

namespace Rqml.Messaging.Links;

/// <summary>A peer that sends one message of three parts, a part at a time, and begins anew where its link is closed.</summary>
internal sealed class PartSender(ScriptedTransport transport, string name)
{
    private const ulong Parts = 3;
    private const int PartBytes = 20_000;

    private ScriptedLink? _link;
    private ulong _sent;

    public string Name => name;

    public bool HasSentAll { get; private set; }

    /// <summary>Sends the next part, and waits until it has been taken, refused, or has made the message whole. One sender at a time.</summary>
    /// <param name="heldBytes">What the node holds of messages that are not whole.</param>
    /// <param name="isWhole">Whether this sender's message has come.</param>
    public async Task SendNextAsync(Func<long> heldBytes, Func<bool> isWhole)
    {
        if (_link is null) await GreetAsync();
        var takenAt = heldBytes() + PartBytes;
        _sent++;
        _link!.Bring(LinkTableTests.Part(_sent, PartBytes, _sent < Parts ? FrameFlags.Continues : FrameFlags.None));
        while (heldBytes() != takenAt && !isWhole())
        {
            if (_link.TrySent(out var block) && FrameHeader.Read(block).Kind == FrameKind.Close)
            {
                _link.Close();
                (_link, _sent) = (null, 0);
                return;
            }

            await Task.Delay(1);
        }

        HasSentAll = isWhole();
    }

    private async Task GreetAsync()
    {
        _link = transport.Offer(name);
        _link.Bring(new Hello(VersionRange.Ours, "rqml", new Peer(new NodeId(name), new Incarnation(1), $"scripted://{name}/"), 1).ToFrame());
        var reader = new FrameReader(new ReadOnlySequence<byte>(await _link.SentAsync()));
        Assert.True(reader.TryRead(out _, out var payload));
        _sent = Hello.Read(payload).Positions.First(position => position.Channel == FabricChannel.TaskInbound).Received;
    }
}
