using Grpc.Core;

namespace Rqml.Transports.Grpc.Links;

/// <summary>The method <c>rqml.v1.Fabric/Link</c>, with a marshaller that copies each block once.</summary>
internal static class LinkMethod
{
    public const int MaxBlockBytes = 4 << 20;

    /// <summary>gRPC compares a message's length with it before it reads any further.</summary>
    public static int MaxMessageBytes { get; } = BlockCodec.Measure(MaxBlockBytes);

    /// <summary>The header that says that a node has taken the link.</summary>
    public const string AcceptedHeader = "rqml-link";

    /// <summary>The trailer that tells "no node listens here" from every other way to be unavailable.</summary>
    public const string RefusedTrailer = "rqml-refused";

    private static readonly Marshaller<BlockMessage> Marshaller = new(Serialize, Deserialize);

    public static Method<BlockMessage, BlockMessage> Instance { get; } = new(MethodType.DuplexStreaming, "rqml.v1.Fabric", "Link", Marshaller, Marshaller);

    private static void Serialize(BlockMessage message, SerializationContext context)
    {
        context.SetPayloadLength(BlockCodec.Measure(message.Data.Length));
        BlockCodec.Write(message.Data, context.GetBufferWriter());
        context.Complete();
    }

    private static BlockMessage Deserialize(DeserializationContext context)
    {
        try
        {
            return BlockMessage.CopyOf(BlockCodec.Read(context.PayloadAsReadOnlySequence()));
        }
        catch (InvalidDataException error)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, error.Message, error));
        }
    }
}
