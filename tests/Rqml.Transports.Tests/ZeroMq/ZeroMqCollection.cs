namespace Rqml.Transports.Tests.ZeroMq;

/// <summary>One at a time: some of these tests count the process's threads, or shut NetMQ down, and it is one for the process.</summary>
[CollectionDefinition(Name)]
public sealed class ZeroMqCollection
{
    public const string Name = "ZeroMQ";
}
