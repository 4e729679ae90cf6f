using System.IO.Compression;
using System.Xml.Linq;

namespace Rqml.Packages.Tests;

/// <summary>A package and its symbols, read into memory.</summary>
internal sealed record Package(string Id, IReadOnlyDictionary<string, byte[]> Files, IReadOnlyDictionary<string, byte[]> Symbols)
{
    public byte[] Assembly => Files[$"lib/net10.0/{Id}.dll"];

    public byte[] Pdb => Symbols[$"lib/net10.0/{Id}.pdb"];

    public byte[] Documentation => Files[$"lib/net10.0/{Id}.xml"];

    public XElement Metadata => Xml(Files[$"{Id}.nuspec"]).Elements().Single();

    public static Package Read(string folder, string id, string version) =>
        new(id, Unzip(Path.Combine(folder, $"{id}.{version}.nupkg")), Unzip(Path.Combine(folder, $"{id}.{version}.snupkg")));

    /// <summary>An element of the metadata, in no namespace; null where there is none.</summary>
    public XElement? Tell(string name) => Metadata.Elements().SingleOrDefault(element => element.Name.LocalName == name);

    /// <summary>What the package asks for, with the range of versions.</summary>
    public IReadOnlyDictionary<string, string> Dependencies =>
        Metadata.Descendants().Where(element => element.Name.LocalName == "dependency").ToDictionary(element => element.Attribute("id")!.Value, element => element.Attribute("version")!.Value);

    public static XElement Xml(byte[] file)
    {
        using var stream = new MemoryStream(file);
        return XElement.Load(stream);
    }

    private static Dictionary<string, byte[]> Unzip(string path)
    {
        using var zip = ZipFile.OpenRead(path);
        return zip.Entries.ToDictionary(entry => entry.FullName, Bytes);
    }

    private static byte[] Bytes(ZipArchiveEntry entry)
    {
        using var from = entry.Open();
        using var to = new MemoryStream();
        from.CopyTo(to);
        return to.ToArray();
    }
}
