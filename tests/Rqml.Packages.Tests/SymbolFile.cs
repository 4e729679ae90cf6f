using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Text.Json;

namespace Rqml.Packages.Tests;

/// <summary>What a debugger reads from a portable PDB: which sources there are, which of them lie inside, and where the others are to be had.</summary>
internal sealed class SymbolFile : IDisposable
{
    // The kinds of the portable PDB format, version 1.0.
    private static readonly Guid EmbeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");
    private static readonly Guid SourceLink = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");

    private readonly MetadataReaderProvider _provider;
    private readonly MetadataReader _reader;

    public SymbolFile(byte[] pdb)
    {
        _provider = MetadataReaderProvider.FromPortablePdbImage([.. pdb]);
        _reader = _provider.GetMetadataReader();
        Id = [.. _reader.DebugMetadataHeader!.Id];
        Documents = [.. _reader.Documents.Select(document => (_reader.GetString(_reader.GetDocument(document).Name), Find(document, EmbeddedSource) is not null))];
    }

    /// <summary>What the assembly calls its symbols by.</summary>
    public ImmutableArray<byte> Id { get; }

    public IReadOnlyList<(string Path, bool IsInside)> Documents { get; }

    /// <summary>From paths, with an asterisk at the end, to addresses with another.</summary>
    public IReadOnlyDictionary<string, string> Links()
    {
        using var map = JsonDocument.Parse(Find(EntityHandle.ModuleDefinition, SourceLink) ?? "{\"documents\":{}}"u8.ToArray());
        return map.RootElement.GetProperty("documents").EnumerateObject().ToDictionary(link => link.Name, link => link.Value.GetString()!);
    }

    public void Dispose() => _provider.Dispose();

    private byte[]? Find(EntityHandle about, Guid kind)
    {
        foreach (var handle in _reader.GetCustomDebugInformation(about))
        {
            var information = _reader.GetCustomDebugInformation(handle);
            if (_reader.GetGuid(information.Kind) == kind) return _reader.GetBlobBytes(information.Value);
        }

        return null;
    }
}
